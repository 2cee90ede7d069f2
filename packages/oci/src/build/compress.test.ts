import { randomFillSync } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gzipped, zstdCompressed } from './compress.ts';

type Compress = (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

async function* pieces(content: Uint8Array, size: number) {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

const all = async (compress: Compress, content: Uint8Array, size = 65_536) =>
  new Uint8Array(await buffer(compress(pieces(content, size))));

/** Some of it compresses, some does not; over several blocks, and not a whole number of them. */
const content = new Uint8Array(3 * 1024 * 1024 + 12_345).fill(65);
randomFillSync(content, 500_000, 1_000_000);

const compressors: [string, Compress, (bytes: Uint8Array) => Uint8Array][] = [
  ['gzip', gzipped, gunzipSync],
  ['zstd', zstdCompressed, zstdDecompressSync],
];

test.each(compressors)(
  '%s is read back, and does not depend on how the content came in pieces',
  async (_, compress, unpack) => {
    const whole = await all(compress, content);
    expect(new Uint8Array(unpack(whole))).toEqual(content);
    for (const size of [1_000, 1024 * 1024, content.length])
      expect(await all(compress, content, size)).toEqual(whole);
  },
);

test.each(compressors)('%s of anything is read back', async (_, compress, unpack) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (bytes) => {
      expect(new Uint8Array(unpack(await all(compress, bytes)))).toEqual(bytes);
    }),
    { numRuns: 50 },
  );
});

test('gzip is the same with one block in work as with many, and one member with nothing of when and where', async () => {
  const one = await all((chunks) => gzipped(chunks, 1), content);
  expect(await all((chunks) => gzipped(chunks, 7), content)).toEqual(one);
  expect([...one.subarray(4, 10)]).toEqual([0, 0, 0, 0, 0, 0xff]);
  // As small as in one go, but for what ends each block.
  expect(one.length).toBeLessThan(gzipSync(content, { level: 6 }).length * 1.01 + 100);
});

test('what fails while it is read fails the compression', async () => {
  const broken = async function* () {
    yield content;
    throw new Error('disk gone');
  };
  for (const [, compress] of compressors)
    await expect(buffer(compress(broken()))).rejects.toThrow('disk gone');
});
