/** What no step of a hardening can be faster than: the bare work on the same bytes, with nothing of ours. Seconds each. */
import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  createReadStream,
  createWriteStream,
  fsyncSync,
  mkdirSync,
  openSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { time } from '../measure.ts';

const seconds = async (action: () => unknown): Promise<number> => (await time(action)) / 1000;

/** A gzip layer read once by Node's zlib, with both digests. */
export async function gunzipAndHash(layer: string): Promise<number> {
  return await seconds(async () => {
    const hashes = [createHash('sha256'), createHash('sha256')];
    const source = createReadStream(layer, { highWaterMark: 1024 * 1024 });
    source.on('data', (chunk) => hashes[0]!.update(chunk));
    for await (const chunk of source.pipe(createGunzip({ chunkSize: 256 * 1024 }))) hashes[1]!.update(chunk);
    for (const one of hashes) one.digest();
  });
}

/** A tar compressed by Node's zlib on one thread, at the level of our layers. */
export async function gzipToFile(tar: string, file: string): Promise<number> {
  return await seconds(() =>
    pipeline(
      createReadStream(tar, { highWaterMark: 1024 * 1024 }),
      createGzip({ level: 6, chunkSize: 256 * 1024 }),
      createWriteStream(file),
    ),
  );
}

/** Packages unpacked by dpkg-deb, one after the other, with no script run. */
export async function unpackDebs(debs: readonly string[], directory: string): Promise<number> {
  return await seconds(() => {
    for (const deb of debs) start('dpkg-deb', ['--extract', deb, directory]);
  });
}

/** A layer unpacked by tar, and a program of it run in bubblewrap. */
export async function unpackAndRun(
  layer: string,
  directory: string,
  command: readonly string[],
): Promise<number> {
  mkdirSync(directory);
  return await seconds(() => {
    start('tar', ['-xzf', layer, '-C', directory]);
    start('bwrap', ['--unshare-all', '--bind', directory, '/', '--', ...command]);
  });
}

/** As many signatures as there are payloads, by node:crypto, with a key like ours. */
export async function signAll(payloads: readonly Uint8Array[]): Promise<number> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return await seconds(() => {
    for (const payload of payloads) sign('sha256', payload, privateKey);
  });
}

/** A file copied, and safe on the disk. */
export async function copyDurably(file: string, directory: string): Promise<number> {
  const copy = join(directory, 'copied');
  return await seconds(() => {
    copyFileSync(file, copy);
    const descriptor = openSync(copy, 'r+');
    fsyncSync(descriptor);
    closeSync(descriptor);
  });
}

function start(command: string, args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args[0]}: ${error?.message ?? stderr}`);
}
