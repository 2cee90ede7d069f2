import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ZstdFrames } from './zstd-frames.ts';

function isWhole(...chunks: readonly Uint8Array[]): boolean {
  const frames = new ZstdFrames();
  for (const chunk of chunks) frames.update(chunk);
  return frames.whole;
}

const compressions = fc
  .record({
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 5000 }),
      fc.integer({ max: 400_000, min: 0 }).map((length) => new Uint8Array(length)),
    ),
    checksum: fc.constantFrom(0, 1),
    contentSize: fc.constantFrom(0, 1),
  })
  .map(({ bytes, checksum, contentSize }) =>
    zstdCompressSync(bytes, {
      params: {
        [constants.ZSTD_c_checksumFlag]: checksum,
        [constants.ZSTD_c_contentSizeFlag]: contentSize,
      },
    }),
  );

test('what a compressor wrote is whole, also several frames in a row, however it is cut into chunks', () => {
  fc.assert(
    fc.property(
      fc.array(compressions, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 50 }),
      (all, size) => {
        const bytes = Buffer.concat([...all, Buffer.from('502a4d1803000000616263', 'hex')]);
        const chunks = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
        expect(isWhole(...chunks)).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

test('cut off anywhere, it is not', () => {
  fc.assert(
    fc.property(
      compressions,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (bytes, where) => {
        const length = Math.floor(bytes.length * where);
        expect(isWhole(bytes.subarray(0, length))).toBe(length === 0);
      },
    ),
  );
});

test('followed by what is no frame, it is not', () => {
  expect(isWhole(zstdCompressSync('a'), Buffer.from('none'))).toBe(false);
});

test('any bytes are whole or not, in time in proportion', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => void isWhole(bytes)));
});
