import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSmallOrderPoint } from './ed25519.ts';

/** As a well-known library answers. */
function oracle(bytes: Uint8Array): boolean {
  try {
    return ed25519.Point.fromBytes(bytes).isSmallOrder();
  } catch {
    return true;
  }
}

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

/** A point of order 8; its multiples are all points of small order. */
const torsion = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a';

test('all eight points of small order are found, and nothing they are added to', () => {
  const generator = ed25519.Point.fromBytes(fromHex(torsion));
  const points = Array.from({ length: 8 }, (_, i) =>
    i === 0 ? ed25519.Point.ZERO : generator.multiply(BigInt(i)),
  );
  expect(new Set(points.map((point) => point.toHex())).size).toBe(8);
  for (const point of points) {
    expect(isSmallOrderPoint(point.toBytes())).toBe(true);
    expect(isSmallOrderPoint(point.add(ed25519.Point.BASE).toBytes())).toBe(false);
  }
});

test.each([
  ['zero with a sign', `${'00'.repeat(31)}80`],
  ['one with a sign', `01${'00'.repeat(30)}80`],
  ['the prime', `ed${'ff'.repeat(30)}7f`],
  ['the prime and one', `ee${'ff'.repeat(30)}7f`],
  ['the prime less one, with a sign', `ec${'ff'.repeat(31)}`],
  ['a second name of a good point', `${(0xed + 3).toString(16)}${'ff'.repeat(30)}7f`],
  ['31 bytes', '03'.repeat(31)],
  ['nothing', ''],
])('%s is no key', (_name, hex) => {
  expect(isSmallOrderPoint(fromHex(hex))).toBe(true);
});

test('any 32 bytes are answered as by a well-known library', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      expect(isSmallOrderPoint(bytes)).toBe(oracle(bytes));
    }),
    { numRuns: 500 },
  );
});
