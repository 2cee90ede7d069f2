import { closeSync, createReadStream, globSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { looksLike, PratiqueError, printable } from '@pratique/errors';
import { FileRefused, readNamedFile } from '@pratique/storage';
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
 * Reads a file, every file of a directory, or every file of a zip; `.gz` is unpacked, and what is named directly whatever
 * it is called. Of directories and zips only what is named like advisories.
 *
 * @throws `ADVISORIES_TOO_LARGE`, `ADVISORIES_INVALID` for a zip or gzip that cannot be read, `ADVISORIES_UNRECOGNISED` for
 *   what is packed in other ways, or is no text
 */
export async function* readAdvisoryFiles(path: string, limits = readLimits): AsyncGenerator<AdvisoryFile> {
  let files = 0;
  let total = 0;
  for await (const { name, isPacked, open } of listFiles(path, limits)) {
    if (++files > limits.files) throw tooLarge(path, `${limits.files} files`);
    const bytes = await collect(await open(), name, isPacked, Math.min(limits.file, limits.total - total));
    const foreign = looksLike(bytes);
    if (foreign !== undefined) throw unrecognised(name, foreign);
    total += bytes.length;
    yield { path: name, bytes };
  }
}

interface Listed {
  readonly name: string;
  /** With gzip. */
  readonly isPacked: boolean;
  open(): Promise<Readable>;
}

async function* listFiles(path: string, limits: ReadLimits): AsyncGenerator<Listed> {
  const stat = statSync(path);
  if (stat.isDirectory()) {
    const names = globSync('**', { cwd: path, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((name) => advisoryNames.test(name))
      .sort();
    for (const name of names)
      yield { name, isPacked: isGzip(name), open: async () => createReadStream(name) };
    return;
  }
  if (!stat.isFile()) {
    // What somebody else writes, a pipe say: for as long as it waits, a signal ends the process.
    const bytes = readOther(path, limits.file);
    const isPacked = looksLike(bytes) === 'a gzip file' || isGzip(path);
    yield { name: path, isPacked, open: async () => Readable.from([bytes], { objectMode: false }) };
    return;
  }
  const kind = looksLike(firstBytes(path));
  if (kind === 'a zip file' || path.toLowerCase().endsWith('.zip')) {
    yield* listZip(path);
  } else {
    const isPacked = kind === 'a gzip file' || isGzip(path);
    yield { name: path, isPacked, open: async () => createReadStream(path) };
  }
}

function isGzip(name: string): boolean {
  return name.toLowerCase().endsWith('.gz');
}

function readOther(path: string, limit: number): Uint8Array {
  try {
    return readNamedFile(path, limit);
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error;
    throw error.code === 'TOO_LARGE' ? tooLarge(path, `${limit} bytes`) : unrecognised(path, 'a device');
  }
}

function firstBytes(path: string): Uint8Array {
  const bytes = new Uint8Array(512);
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** yauzl reads the central directory, refuses `..`, and ends a stream that is not as long as its entry says. */
async function* listZip(path: string): AsyncGenerator<Listed> {
  try {
    const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
    try {
      for await (const entry of zip.eachEntry()) {
        if (!advisoryNames.test(entry.fileName)) continue;
        const { fileName: name } = entry;
        yield { name, isPacked: isGzip(name), open: () => zip.openReadStreamPromise(entry) };
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function collect(
  stream: Readable,
  name: string,
  isPacked: boolean,
  limit: number,
): Promise<Uint8Array> {
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
    if (isPacked) await pipeline(stream, createGunzip(), gather);
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

const remedies: Readonly<Record<string, string>> = {
  'a tar archive': 'Unpack it and name the directory: mkdir DIR; tar -xf FILE -C DIR; pratique db import DIR',
  'a zstd file': 'Unpack it first: zstd -d FILE',
  'an xz file': 'Unpack it first: xz -dk FILE',
  'a bzip2 file': 'Unpack it first: bunzip2 -k FILE',
  'a page of HTML': 'It is a page about advisories, or of an error: fetch the file that the page links to.',
  'a SQLite database': 'A database of pratique is used where it is: pratique scan --db FILE.',
};

function unrecognised(name: string, found: string): Error {
  const remedy = Object.hasOwn(remedies, found) ? remedies[found] : undefined;
  return inspectErrors.error('ADVISORIES_UNRECOGNISED', {
    message: `${printable(name)} holds no advisories`,
    expected: 'JSON, YAML or CSV of a known format, as it is, with gzip, or in a zip',
    found,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

function unreadable(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof PratiqueError) return error;
  const message = `${printable(name)} cannot be read: ${printable(error.message)}`;
  return inspectErrors.error('ADVISORIES_INVALID', { message, cause: error });
}
