import {
  buildImageManifest,
  buildLayer,
  type Descriptor,
  describeBytes,
  type Repository,
} from '@pratique/oci';

/**
 * Pushes the image at `from` with one more layer under the tag `tag`: what an attacker would do to a tag. Works on any
 * image; of an index the first image is taken.
 */
export async function pushOtherContent(
  target: Repository,
  from: string,
  tag: string,
  signal: AbortSignal,
): Promise<Descriptor> {
  const content = await target.getManifest(from, { signal });
  if (content.manifest.kind === 'index') {
    return await pushOtherContent(target, content.manifest.manifests[0]!.digest, tag, signal);
  }
  const { manifest } = content;
  const layer = await buildLayer([
    { type: 'file', path: 'etc/motd', content: new TextEncoder().encode('not what was signed\n') },
  ]);
  const config = JSON.parse(new TextDecoder().decode(await target.getBlob(manifest.config, { signal }))) as {
    rootfs: { diff_ids: string[] };
    history?: unknown[];
  };
  config.rootfs.diff_ids.push(layer.diffId);
  config.history?.push({ created_by: 'pratique demo' });
  const bytes = new TextEncoder().encode(JSON.stringify(config));
  const descriptor = describeBytes(bytes, manifest.config.mediaType);
  const built = buildImageManifest({ config: descriptor, layers: [...manifest.layers, layer.descriptor] });
  await target.putBlob(layer.descriptor, layer.open(), { signal });
  await target.putBlob(descriptor, bytes, { signal });
  return await target.putManifest(built.bytes, built.descriptor.mediaType, { tag, signal });
}
