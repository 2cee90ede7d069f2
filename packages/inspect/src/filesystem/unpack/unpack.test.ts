import { createHash, randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Hashed } from './messages.ts';
import { UnpackThreads } from './threads.ts';
import { unpack } from './unpack.ts';
import type { Unpack } from './unpacked.ts';

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const stored = () => {
  throw new Error('the digest of the layer as stored is not its diff ID');
};
/** What a thread hands over at a time. */
const piece = 256 * 1024;

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpacked(chunks: AsyncIterable<Uint8Array>, onThread: Unpack | undefined) {
  const { chunks: pieces, diffId } = await unpack(chunks, stored, onThread);
  const all: Uint8Array[] = [];
  for await (const one of pieces) all.push(one.slice());
  return { bytes: Buffer.concat(all), diffId: diffId() };
}

const threads = new UnpackThreads(2);
afterAll(() => threads.close());

const on =
  (pool: UnpackThreads, hashed: Hashed): Unpack =>
  (chunks, compression) =>
    pool.unpack(chunks, compression, hashed);

describe.each([
  ['beside the calling thread', undefined],
  ['on a thread', 'by the thread'],
  ['on a thread, and hashing beside it', 'by the caller'],
] as const)('unpacking %s', (_, hashed) => {
  const where = hashed && on(threads, hashed);

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('gives what was packed with %s, whatever its size and pieces', async (_name, pack) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 5000 }),
        fc.constantFrom(1, 10, 300),
        fc.integer({ min: 1, max: 400_000 }),
        async (seed, times, size) => {
          const data = Buffer.concat(Array.from({ length: times }, () => seed));
          const { bytes, diffId } = await unpacked(inPieces(pack(data), size), where);
          expect(bytes.equals(data)).toBe(true);
          expect(diffId).toBe(digestOf(data));
        },
      ),
      { numRuns: 30 },
    );
  });

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('%s that ends where a piece does is whole', async (_name, pack) => {
    for (const size of [piece, 4 * piece, 9 * piece]) {
      const data = randomBytes(size);
      expect((await unpacked(inPieces(pack(data), 100_000), where)).diffId).toBe(digestOf(data));
      expect((await unpacked(inPieces(pack(Buffer.alloc(size)), 10), where)).diffId).toBe(
        digestOf(Buffer.alloc(size)),
      );
    }
  });

  test('a gzip file of several members is all of them', async () => {
    const parts = [Buffer.from('one'), randomBytes(300_000), Buffer.from('three')];
    const packed = Buffer.concat(parts.map((part) => gzipSync(part)));
    const { bytes } = await unpacked(inPieces(packed, 1000), where);
    expect(bytes.equals(Buffer.concat(parts))).toBe(true);
  });

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('%s that is cut off or changed is never taken for whole', async (_name, pack) => {
    const packed = new Uint8Array(pack(randomBytes(600_000)));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 20, max: packed.length - 1 }), fc.boolean(), async (at, cut) => {
        const damaged = cut ? packed.slice(0, at) : packed.slice();
        if (!cut) damaged[at]! ^= 0x55;
        let outcome: { diffId: string } | { code: string };
        try {
          outcome = await unpacked(inPieces(damaged, 70_000), where);
        } catch (error) {
          outcome = error as { code: string };
        }
        // Zstandard has no checksum of its own here: what is changed has another diff ID.
        if ('diffId' in outcome) expect(cut).toBe(false);
        else expect(outcome.code).toBe('INSPECT_LAYER_UNSAFE');
      }),
      { numRuns: 20 },
    );
  });

  test('what ends the reading of a layer ends the reading of what it unpacks to, with the same error', async () => {
    const packed = gzipSync(randomBytes(3_000_000));
    async function* failing() {
      yield* inPieces(packed.subarray(0, 1_000_000), 50_000);
      throw new Error('the registry hung up');
    }
    const own = new UnpackThreads(1);
    await expect(unpacked(failing(), hashed && on(own, hashed))).rejects.toThrow('the registry hung up');
    own.close();
  });
});

test('closing the threads ends what is still being read', async () => {
  const own = new UnpackThreads(1);
  let closed = false;
  async function* endless() {
    try {
      for (;;) yield gzipSync(randomBytes(100_000));
    } finally {
      closed = true;
    }
  }
  const { chunks } = await unpack(endless(), stored, on(own, 'by the thread'));
  const reader = chunks[Symbol.asyncIterator]();
  expect((await reader.next()).done).toBe(false);
  own.close();
  await expect(
    (async () => {
      while (!(await reader.next()).done);
    })(),
  ).rejects.toThrow();
  await expect.poll(() => closed).toBe(true);
});
