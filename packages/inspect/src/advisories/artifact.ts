import {
  closeSync,
  createReadStream,
  createWriteStream,
  fsyncSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { printable } from '@pratique/errors';
import {
  buildImageManifest,
  createDigester,
  type Descriptor,
  emptyDescriptor,
  emptyJson,
  type ImageManifest,
  type Repository,
} from '@pratique/oci';
import { inspectErrors } from '../errors.ts';
import { wholeZstd } from '../filesystem/zstd-frames.ts';
import { AdvisoryDatabase } from './database.ts';

/** What the manifest of a published database says it is, and its one layer. */
export const databaseArtifactType = 'application/vnd.pratique.advisories.v1';
const layerType = 'application/vnd.pratique.advisories.v1.sqlite+zstd';

/** Largest database that is fetched, in bytes packed and unpacked. */
const limits = { packed: 2 * 2 ** 30, unpacked: 8 * 2 ** 30 } as const;

interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * Publishes the database at `path` as an OCI artifact: one layer, zstd. What is published is a compact copy, so that
 * the same content takes the least space; sign it as any image.
 *
 * @returns the manifest's descriptor
 * @throws `ADVISORY_DATABASE_MISSING`, `ADVISORY_DATABASE_INVALID`, and what the repository throws
 */
export async function publishDatabase(
  path: string,
  repository: Repository,
  options: CallOptions & { readonly tag?: string } = {},
): Promise<Descriptor> {
  const source = AdvisoryDatabase.open(path);
  const builtAt = source.builtAt();
  source.close();
  const directory = mkdtempSync(join(dirname(path), '.publish-'));
  try {
    const copy = join(directory, 'advisories.db');
    const packed = join(directory, 'advisories.db.zst');
    vacuumInto(path, copy);
    const layer = { mediaType: layerType, ...(await pack(copy, packed)) };
    await repository.putBlob(emptyDescriptor, emptyJson, options);
    await repository.putBlob(
      layer,
      Readable.toWeb(createReadStream(packed)) as ReadableStream<Uint8Array>,
      options,
    );
    const { bytes, descriptor } = buildImageManifest({
      artifactType: databaseArtifactType,
      layers: [layer],
      annotations: { 'org.opencontainers.image.created': builtAt },
    });
    return await repository.putManifest(bytes, descriptor.mediaType, options);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function vacuumInto(path: string, copy: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare('VACUUM INTO ?').run(copy);
  } finally {
    database.close();
  }
}

async function pack(from: string, to: string): Promise<Pick<Descriptor, 'digest' | 'size'>> {
  const digester = createDigester('sha256');
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 10 } });
  await pipeline(
    createReadStream(from),
    compress,
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        digester.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(to),
  );
  return { digest: digester.digest(), size: statSync(to).size };
}

/**
 * Fetches a published database to `path`, in the place of what is there. The caller has verified who signed the
 * manifest. A database that is older than the one in place is refused: somebody replays it.
 *
 * @throws `ADVISORY_DATABASE_INVALID`, `ADVISORY_DATABASE_OLDER`, and what the repository throws
 */
export async function fetchDatabase(
  manifest: ImageManifest,
  repository: Repository,
  path: string,
  options: CallOptions = {},
): Promise<void> {
  const [layer, another] = manifest.layers;
  if (
    manifest.artifactType !== databaseArtifactType ||
    layer?.mediaType !== layerType ||
    another !== undefined
  ) {
    throw inspectErrors.error('ADVISORY_DATABASE_INVALID', {
      message: `${printable(repository.name)} is no published advisory database`,
      expected: `artifact type ${databaseArtifactType}, with one layer`,
      found: printable(manifest.artifactType ?? 'none'),
    });
  }
  const directory = mkdtempSync(join(dirname(path), '.fetch-'));
  try {
    const fetched = join(directory, 'advisories.db');
    const blob = await repository.openBlob(layer, { ...options, maxBytes: limits.packed });
    await unpack(blob, fetched);
    refuseOlder(fetched, path);
    renameSync(fetched, path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function unpack(blob: ReadableStream<Uint8Array>, to: string): Promise<void> {
  let size = 0;
  try {
    await pipeline(
      Readable.from(wholeZstd(blob), { objectMode: false }),
      createZstdDecompress(),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          size += chunk.length;
          if (size > limits.unpacked) throw tooLarge();
          yield chunk;
        }
      },
      createWriteStream(to),
    );
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith('ZSTD_')) throw error;
    throw inspectErrors.error('ADVISORY_DATABASE_INVALID', {
      message: 'the published database is no zstd',
      cause: error,
    });
  }
  const file = openSync(to, 'r+');
  fsyncSync(file);
  closeSync(file);
}

function tooLarge(): Error {
  return inspectErrors.error('ADVISORY_DATABASE_INVALID', {
    message: `the published database unpacks to more than ${limits.unpacked} bytes`,
  });
}

function refuseOlder(fetched: string, path: string): void {
  const found = builtAt(fetched);
  let present: string;
  try {
    present = builtAt(path);
  } catch {
    return; // Nothing usable is in place.
  }
  if (Date.parse(found) < Date.parse(present)) {
    throw inspectErrors.error('ADVISORY_DATABASE_OLDER', {
      message: 'the published database is older than the one in place',
      expected: `built at ${present} or later`,
      found,
    });
  }
}

function builtAt(path: string): string {
  const database = AdvisoryDatabase.open(path);
  try {
    return database.builtAt();
  } finally {
    database.close();
  }
}
