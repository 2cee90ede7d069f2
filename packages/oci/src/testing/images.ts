import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { buildImage, pushImage } from '../build/image.ts';
import { buildLayer } from '../build/layer.ts';
import { buildImageManifest, buildIndex, emptyDescriptor, emptyJson } from '../manifest/build.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import { digestOf } from '../reference/digest.ts';
import type { Descriptor, Repository } from '../types.ts';

/** A directory that ends with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'oci-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Stores a small image of one layer under `tag`. */
export async function putImage(repository: Repository, tag: string, text = tag): Promise<Descriptor> {
  const content = new TextEncoder().encode(text);
  const layer = await buildLayer([{ type: 'file', path: 'content', content }], { sourceDateEpoch: 0 });
  const platform = { os: 'linux', architecture: 'amd64' };
  return await pushImage(buildImage({ layers: [layer], platform, sourceDateEpoch: 0 }), repository, { tag });
}

/** Stores an index of two images under `tag`. */
export async function putIndex(repository: Repository, tag: string): Promise<Descriptor> {
  const manifests = [await putImage(repository, `${tag}-one`), await putImage(repository, `${tag}-two`)];
  const index = buildIndex({ manifests });
  return await repository.putManifest(index.bytes, mediaTypes.ociIndex, { tag });
}

/** Stores an artifact that refers to `subject`. */
export async function putReferrer(
  repository: Repository,
  subject: Descriptor,
  text: string,
): Promise<Descriptor> {
  const content = new TextEncoder().encode(text);
  const layer = { mediaType: 'text/plain', digest: digestOf(content), size: content.length };
  const built = buildImageManifest({
    artifactType: 'application/x-sig',
    layers: [layer],
    subject,
    annotations: { text },
  });
  await repository.putBlob(layer, content);
  await repository.putBlob(emptyDescriptor, emptyJson);
  return await repository.putManifest(built.bytes, built.descriptor.mediaType);
}
