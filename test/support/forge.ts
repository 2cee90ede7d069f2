/** Breaks signatures on a registry in the ways an attacker, or a failing disk, can. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestImage, TestRegistry } from './registries.ts';
import { type HttpRepository, repository, sha256 } from './registry-http.ts';

/** A signature as a Sigstore bundle referrer, or as a layer below cosign's tag. */
export type Format = 'bundle' | 'legacy';

const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';

/** Where cosign's tag-based signatures of `digest` are. */
function signatureTag(digest: string): string {
  return `${digest.replace(':', '-')}.sig`;
}

/** The one bundle referrer of an image, and its bundle. */
async function bundleOf(repo: HttpRepository, digest: string) {
  const [descriptor] = await repo.referrers(digest);
  const manifest = await repo.getManifest(descriptor!.digest);
  return { descriptor: descriptor!, manifest, bytes: await repo.getBlob(manifest.layers[0]!.digest) };
}

/** Makes `bytes` the one bundle attached to `image`. */
async function attachBundle(repo: HttpRepository, image: TestImage, from: string, bytes: Uint8Array) {
  const { descriptor, manifest } = await bundleOf(repo, from);
  const layer = await repo.putBlob(bytes, manifest.layers[0]!.mediaType);
  const subject = { ...manifest.subject!, digest: image.digest, size: await size(image) };
  const stored = await repo.putManifest({ ...manifest, layers: [layer], subject });
  const { artifactType, annotations } = descriptor;
  await repo.setReferrersTag(image.digest, [
    { ...stored, artifactType: artifactType!, annotations: annotations! },
  ]);
}

async function size(image: TestImage): Promise<number> {
  const url = `http://${image.registry.host}/v2/${image.repository}/manifests/${image.digest}`;
  return (await (await fetch(url, { headers: { accept: '*/*' } })).arrayBuffer()).byteLength;
}

/** Changes the signature on the registry, digests in order: only the cryptography can tell. */
export async function forgeSignature(image: TestImage, format: Format): Promise<void> {
  const repo = repository(image.registry.host, image.repository);
  const flip = (base64: string) => {
    const bytes = Buffer.from(base64, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    return bytes.toString('base64');
  };
  if (format === 'legacy') {
    const manifest = await repo.getManifest(signatureTag(image.digest));
    const layers = manifest.layers.map((layer) => {
      const annotations = layer.annotations!;
      const forged = { ...annotations, [SIGNATURE_ANNOTATION]: flip(annotations[SIGNATURE_ANNOTATION]!) };
      return { ...layer, annotations: forged };
    });
    await repo.putManifest({ ...manifest, layers }, signatureTag(image.digest));
    return;
  }
  const { descriptor, bytes } = await bundleOf(repo, image.digest);
  const bundle = JSON.parse(Buffer.from(bytes).toString()) as {
    dsseEnvelope: { signatures: { sig: string }[] };
  };
  for (const signature of bundle.dsseEnvelope.signatures) signature.sig = flip(signature.sig);
  await attachBundle(repo, image, image.digest, Buffer.from(JSON.stringify(bundle)));
  await repo.deleteManifest(descriptor.digest);
}

/** Changes one byte of what was signed, digests in order. */
export async function forgePayload(image: TestImage, format: Format): Promise<void> {
  const repo = repository(image.registry.host, image.repository);
  const forge = (text: string) => text.replace('"dev"', '"prd"');
  if (format === 'legacy') {
    const manifest = await repo.getManifest(signatureTag(image.digest));
    const payload = Buffer.from(await repo.getBlob(manifest.layers[0]!.digest)).toString();
    const blob = await repo.putBlob(forge(payload), manifest.layers[0]!.mediaType);
    const layers = [{ ...manifest.layers[0]!, ...blob }];
    await repo.putManifest({ ...manifest, layers }, signatureTag(image.digest));
    return;
  }
  const { descriptor, bytes } = await bundleOf(repo, image.digest);
  const bundle = JSON.parse(Buffer.from(bytes).toString()) as { dsseEnvelope: { payload: string } };
  const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
  bundle.dsseEnvelope.payload = Buffer.from(forge(payload)).toString('base64');
  await attachBundle(repo, image, image.digest, Buffer.from(JSON.stringify(bundle)));
  await repo.deleteManifest(descriptor.digest);
}

/** Puts a good signature of `from` on `to`, which nobody signed. Both are in one repository. */
export async function replaySignature(from: TestImage, to: TestImage, format: Format): Promise<void> {
  const source = repository(from.registry.host, from.repository);
  const target = repository(to.registry.host, to.repository);
  if (format === 'legacy') {
    const manifest = await source.getManifest(signatureTag(from.digest));
    for (const blob of [manifest.config, ...manifest.layers])
      await target.putBlob(await source.getBlob(blob.digest), blob.mediaType);
    await target.putManifest(manifest, signatureTag(to.digest));
    return;
  }
  const { descriptor, manifest, bytes } = await bundleOf(source, from.digest);
  await target.putBlob(await source.getBlob(manifest.config.digest), manifest.config.mediaType);
  const layer = await target.putBlob(bytes, manifest.layers[0]!.mediaType);
  const subject = { ...manifest.subject!, digest: to.digest, size: await size(to) };
  const stored = await target.putManifest({ ...manifest, layers: [layer], subject });
  const { artifactType, annotations } = descriptor;
  await target.setReferrersTag(to.digest, [
    { ...stored, artifactType: artifactType!, annotations: annotations! },
  ]);
}

/** Changes the signature's blob on the registry's disk, behind its back: the bytes no longer match their digest. */
export async function corruptBlob(image: TestImage, format: Format): Promise<void> {
  const repo = repository(image.registry.host, image.repository);
  const digest =
    format === 'legacy'
      ? (await repo.getManifest(signatureTag(image.digest))).layers[0]!.digest
      : (await bundleOf(repo, image.digest)).manifest.layers[0]!.digest;
  const path = fileOf(image.registry, digest);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}

/** The file in which a registry keeps a blob: whatever its layout, the digest is in the path. */
function fileOf(registry: TestRegistry, digest: string): string {
  const hex = digest.slice('sha256:'.length);
  for (const pattern of [`**/${hex}`, `**/${hex}/data`]) {
    for (const file of globSync(pattern, { cwd: registry.directory })) {
      const path = join(registry.directory, file);
      try {
        if (sha256(readFileSync(path)) === digest) return path;
      } catch {
        // A directory.
      }
    }
  }
  throw new Error(`${registry.name} keeps ${digest} in no file below ${registry.directory}`);
}
