/** gzip of a layer, as `harden` and `save` make it, beside Node's zlib on one thread and pigz, all at level 6. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { gzipped } from '../packages/oci/src/build/compress.ts';
import { bookwormBase } from '../test/support/bases.ts';
import { installTools } from '../test/tools/install.ts';
import { compare } from './measure.ts';
import type { Row } from './row.ts';

const rounds = 5;
const chunkBytes = 1024 * 1024;

export async function run(): Promise<Row[]> {
  const { pigz } = await installTools(['pigz']);
  const tar = readFileSync(await bookwormBase());
  const chunks = async function* () {
    for (let at = 0; at < tar.length; at += chunkBytes) yield tar.subarray(at, at + chunkBytes);
  };
  const threads = availableParallelism();
  const ways = {
    ours: () => gzipped(chunks()),
    'zlib on one thread': () =>
      Readable.from(chunks(), { objectMode: false }).pipe(createGzip({ level: 6, chunkSize: 256 * 1024 })),
    pigz: () => {
      const child = spawn(pigz, ['-6', '-n', '-c', '-p', String(threads)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      Readable.from(chunks(), { objectMode: false }).pipe(child.stdin);
      return child.stdout;
    },
  } satisfies Record<string, () => AsyncIterable<Uint8Array>>;
  const taken = async (way: keyof typeof ways): Promise<{ speed: number; bytes: number }> => {
    const started = performance.now();
    let bytes = 0;
    for await (const chunk of ways[way]()) bytes += (chunk as Uint8Array).length;
    return { speed: tar.length / 1e3 / (performance.now() - started), bytes };
  };
  const rows: Row[] = [];
  for (const peerName of ['zlib on one thread', 'pigz'] as const) {
    const { ours, peer } = await compare(
      rounds,
      async () => (await taken('ours')).speed,
      async () => (await taken(peerName)).speed,
    );
    const what = `gzip of ${Math.round(tar.length / 1e6)} MB on ${threads} threads`;
    rows.push({ what, ours, peer, unit: 'MB/s', ratio: ours / peer, peerName });
    const [size, theirs] = [(await taken('ours')).bytes / 1e6, (await taken(peerName)).bytes / 1e6];
    rows.push({
      what: 'what it comes to',
      ours: size,
      peer: theirs,
      unit: 'MB',
      ratio: theirs / size,
      peerName,
    });
  }
  return rows;
}
