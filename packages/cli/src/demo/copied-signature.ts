import { buildImageManifest, type Descriptor, type Repository } from '@pratique/oci';

/** Attaches the signature bundles of `from` to `to`, unchanged: valid signatures, of another image. */
export async function copySignatures(
  source: Repository,
  from: Descriptor,
  target: Repository,
  to: Descriptor,
  signal: AbortSignal,
): Promise<void> {
  for (const referrer of await source.referrers(from.digest, { signal })) {
    const { manifest } = await source.getManifest(referrer.digest, { signal });
    if (manifest.kind !== 'image') continue;
    for (const blob of [manifest.config, ...manifest.layers])
      await target.putBlob(blob, await source.getBlob(blob, { signal }), { signal });
    const forged = buildImageManifest({
      ...(manifest.artifactType === undefined ? {} : { artifactType: manifest.artifactType }),
      config: manifest.config,
      layers: manifest.layers,
      subject: { mediaType: to.mediaType, digest: to.digest, size: to.size },
      annotations: manifest.annotations,
    });
    await target.putManifest(forged.bytes, forged.descriptor.mediaType, { signal });
  }
}
