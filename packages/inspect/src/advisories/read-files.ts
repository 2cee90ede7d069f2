import { createReadStream, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { PratiqueError, printable } from '@pratique/errors';
import { openPromise } from 'yauzl';
import { inspectErrors } from '../errors.ts';

/** Bounds on what is read, in bytes unpacked. The largest real file is Debian's tracker, about 70 MB. */
export interface ReadLimits {
  readonly file: number;
  readonly total: number;
  readonly files: number;
}

export const readLimits: ReadLimits = { file: 256 * 2 ** 20, total: 16 * 2 ** 30, files: 2_000_000 };

/** A file of advisories: its path inside what was named, and its content unpacked. */
export interface AdvisoryFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Files of a repository of advisories that are something else. */
const advisoryNames = /\.(?:json|ya?ml|csv)(?:\.gz)?$|(?:^|\/)list$/i;

/**
 * Reads a file, every file of a directory, or every file of a zip; `.gz` is unpacked. Of directories and zips only
 * what is named like advisories.
 *
 * @throws `ADVISORIES_TOO_LARGE`, `ADVISORIES_INVALID` for a zip or gzip that cannot be read
 */
export async function* readAdvisoryFiles(path: string, limits = readLimits): AsyncGenerator<AdvisoryFile> {
  let files = 0;
  let total = 0;
  for await (const { name, open } of listFiles(path)) {
    if (++files > limits.files) throw tooLarge(path, `${limits.files} files`);
    const bytes = await collect(await open(), name, Math.min(limits.file, limits.total - total));
    total += bytes.length;
    yield { path: name, bytes };
  }
}

interface Listed {
  readonly name: string;
  open(): Promise<Readable>;
}

async function* listFiles(path: string): AsyncGenerator<Listed> {
  if (statSync(path).isDirectory()) {
    const names = globSync('**', { cwd: path, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((name) => advisoryNames.test(name))
      .sort();
    for (const name of names) yield { name, open: async () => createReadStream(name) };
  } else if (path.toLowerCase().endsWith('.zip')) {
    yield* listZip(path);
  } else {
    yield { name: path, open: async () => createReadStream(path) };
  }
}

/** yauzl reads the central directory, refuses `..`, and ends a stream that is not as long as its entry says. */
async function* listZip(path: string): AsyncGenerator<Listed> {
  try {
    const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
    try {
      for await (const entry of zip.eachEntry()) {
        if (!advisoryNames.test(entry.fileName)) continue;
        yield { name: entry.fileName, open: () => zip.openReadStreamPromise(entry) };
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function collect(stream: Readable, name: string, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const gather = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > limit) throw tooLarge(name, `${limit} bytes`);
      chunks.push(chunk);
    }
  };
  try {
    if (name.toLowerCase().endsWith('.gz')) await pipeline(stream, createGunzip(), gather);
    else await pipeline(stream, gather);
  } catch (error) {
    throw unreadable(name, error);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string, limit: string): Error {
  return inspectErrors.error('ADVISORIES_TOO_LARGE', {
    message: `${printable(name)} is larger than is read`,
    expected: `at most ${limit}`,
  });
}

function unreadable(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof PratiqueError) return error;
  const message = `${printable(name)} cannot be read: ${printable(error.message)}`;
  return inspectErrors.error('ADVISORIES_INVALID', { message, cause: error });
}
