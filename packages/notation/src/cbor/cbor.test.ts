import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CborValue, readCbor } from './read.ts';
import { writeCbor } from './write.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** From RFC 8949, appendix A. */
test.each<[string, CborValue]>([
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['20', -1],
  ['3903e7', -1000],
  ['f4', false],
  ['f6', null],
  ['c11a514b67b0', { tag: 1, value: 1_363_896_240 }],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['62c3bc', 'ü'],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
])('%s is read as RFC 8949 says, and written so', (text, value) => {
  expect(readCbor(hex(text))).toEqual(value);
  expect(Buffer.from(writeCbor(value)).toString('hex')).toBe(text);
});

test.each<[string, string]>([
  ['nothing', ''],
  ['bytes after it', '0000'],
  ['a number in a longer form', '1817'],
  ['a number of two bytes that fits one', '190017'],
  ['a length in a longer form', '580101'],
  ['a number of 2⁵³', '1b0020000000000000'],
  ['a reserved length', '1c'],
  ['an indefinite byte string', '5f42010243030405ff'],
  ['an indefinite list', '9fff'],
  ['an indefinite map', 'bfff'],
  ['a fraction', 'f93c00'],
  ['a float of 64 bits', 'fb3ff0000000000000'],
  ['undefined', 'f7'],
  ['an unassigned simple value', 'f0'],
  ['a break alone', 'ff'],
  ['a key twice', 'a201000100'],
  ['the key -1 twice', 'a220002000'],
  ['a key that is a list', 'a18000'],
  ['a key that is bytes', 'a1410100'],
  ['text that is not UTF-8', '61ff'],
  ['a string that is cut off', '4401'],
  ['a list that is cut off', '9a7fffffff00'],
  ['a map that is cut off', 'ba7fffffff'],
  ['a byte string of 2³² bytes', '5b0000000100000000'],
  ['nine levels', '818181818181818181818100'],
  ['10,000 levels', '81'.repeat(10_000)],
  ['5,000 values', `991388${'00'.repeat(5000)}`],
])('%s is refused', (_, text) => {
  expect(() => readCbor(hex(text))).toThrow(PratiqueError);
});

const leaf: fc.Arbitrary<CborValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger().filter((value) => value > Number.MIN_SAFE_INTEGER),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array({ maxLength: 300 }),
);
const value: fc.Arbitrary<CborValue> = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 30 }),
  fc
    .uniqueArray(fc.oneof(fc.integer(), fc.string()), { maxLength: 30 })
    .map((keys) => new Map(keys.map((key) => [key, key]))),
  fc.tuple(fc.nat(), leaf).map(([tag, inner]) => ({ tag, value: inner })),
);

test('what is written is read back as it was', () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(readCbor(writeCbor(given))).toEqual(given);
    }),
  );
});

test('bytes that are read are the ones that would be written, but for the order of maps', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      let read: CborValue;
      try {
        read = readCbor(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(PratiqueError);
        return;
      }
      expect(writeCbor(read)).toHaveLength(bytes.byteLength);
    }),
  );
});
