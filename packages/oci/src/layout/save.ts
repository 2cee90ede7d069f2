import { open, rename, rm } from 'node:fs/promises';
import { tarEnd, tarHeader, tarPadding } from '../build/tar.ts';
import { ociErrors } from '../errors.ts';
import { isForeignLayer } from '../manifest/media-types.ts';
import { digestAlgorithm, digestHex } from '../reference/digest.ts';
import { familiarReference, parseReference } from '../reference/reference.ts';
import type { Descriptor, Digest, ManifestContent, Repository } from '../types.ts';
import { dockerLayerPath, dockerManifest } from './docker-archive.ts';
import { formatIndexJson, layoutMarker } from './documents.ts';
import { fileFault } from './files.ts';
import { refName } from './repository.ts';

export interface SaveOptions {
  /** `oci`: image layout in a tar, everything kept. `docker`: what `docker load` reads, one image, its digest not kept. */
  readonly format: 'oci' | 'docker';
  /** Name for the image: a tag for `oci`, `name:tag` for `docker`. */
  readonly name?: string;
  /** With `oci`: save what refers to the image too. */
  readonly referrers?: boolean;
  readonly signal?: AbortSignal;
}

type Chunks = AsyncIterable<Uint8Array>;

const maxDepth = 8;

/**
 * Writes an image into an archive file. The file appears only when it is whole; same image, same bytes.
 *
 * @throws what reading the image throws; OCI_FILE_UNREADABLE; OCI_OPERATION_UNSUPPORTED for an index in docker format
 */
export async function saveArchive(
  source: Repository,
  tagOrDigest: string,
  path: string,
  options: SaveOptions,
): Promise<void> {
  const content = await source.getManifest(tagOrDigest, readOptions(options));
  const chunks =
    options.format === 'oci' ? ociArchive(source, content, options) : dockerArchive(source, content, options);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w', 0o644);
    try {
      for await (const chunk of chunks)
        for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : fileFault(path, error);
  }
}

function readOptions({ signal }: SaveOptions) {
  return signal === undefined ? {} : { signal };
}

async function* tarFile(path: string, size: number, chunks: Chunks): AsyncGenerator<Uint8Array> {
  yield* tarHeader({ path, type: 'file', size, mode: 0o644, uid: 0, gid: 0, mtime: 0 });
  yield* chunks;
  yield tarPadding(size);
}

const bytesFile = (path: string, bytes: Uint8Array) =>
  tarFile(path, bytes.length, ReadableStream.from([bytes]));

async function* ociArchive(
  source: Repository,
  root: ManifestContent,
  options: SaveOptions,
): AsyncGenerator<Uint8Array> {
  const read = readOptions(options);
  const written = new Set<Digest>();
  const entries: Descriptor[] = [
    {
      ...root.descriptor,
      ...(options.name === undefined ? {} : { annotations: { [refName]: options.name } }),
    },
  ];
  const blobPath = (digest: Digest) => `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;

  async function* image(content: ManifestContent, depth: number): AsyncGenerator<Uint8Array> {
    const { descriptor, manifest, bytes } = content;
    if (written.has(descriptor.digest)) return;
    if (depth > maxDepth)
      throw ociErrors.error('OCI_MANIFEST_INVALID', {
        message: `${source.name}: indexes nested deeper than ${maxDepth}`,
      });
    written.add(descriptor.digest);
    yield* bytesFile(blobPath(descriptor.digest), bytes);
    if (manifest.kind === 'index') {
      for (const child of manifest.manifests)
        yield* image(await source.getManifest(child.digest, read), depth + 1);
    } else {
      for (const blob of [manifest.config, ...manifest.layers]) {
        if (written.has(blob.digest) || isForeignLayer(blob.mediaType)) continue;
        written.add(blob.digest);
        yield* tarFile(blobPath(blob.digest), blob.size, await source.openBlob(blob, read));
      }
    }
    if (!options.referrers) return;
    for (const referrer of await source.referrers(descriptor.digest, read)) {
      const refers = await source.getManifest(referrer.digest, read);
      if (refers.manifest.subject?.digest !== descriptor.digest) continue;
      // Its type tells it from an image to who reads the index alone.
      const { artifactType } = refers.manifest;
      const entry = { ...refers.descriptor, ...(artifactType === undefined ? {} : { artifactType }) };
      if (!written.has(referrer.digest)) entries.push(entry);
      yield* image(refers, depth + 1);
    }
  }

  yield* bytesFile('oci-layout', layoutMarker);
  yield* image(root, 0);
  yield* bytesFile('index.json', formatIndexJson(entries));
  yield tarEnd;
}

async function* dockerArchive(
  source: Repository,
  root: ManifestContent,
  options: SaveOptions,
): AsyncGenerator<Uint8Array> {
  const read = readOptions(options);
  const { manifest } = root;
  if (manifest.kind !== 'image') {
    throw ociErrors.error('OCI_OPERATION_UNSUPPORTED', {
      message: `${source.name}: a docker archive holds one image, not an index`,
      remedy: 'Save one platform by its digest, or use the oci format.',
    });
  }
  const config = await source.getBlob(manifest.config, read);
  const repoTags = options.name === undefined ? [] : [familiarReference(parseReference(options.name))];
  const documents = dockerManifest([{ config, layers: manifest.layers, repoTags }]);
  for (const [path, bytes] of documents.configs) yield* bytesFile(path, bytes);
  const written = new Set<string>();
  for (const layer of manifest.layers) {
    const path = dockerLayerPath(layer);
    if (written.has(path)) continue;
    written.add(path);
    yield* tarFile(path, layer.size, await source.openBlob(layer, read));
  }
  yield* bytesFile('manifest.json', documents.manifest);
  yield tarEnd;
}
