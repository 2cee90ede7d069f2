import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findObject, readObjects } from './tlv.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

test('data objects one after the other, with tags of two bytes and long lengths', () => {
  const objects = readObjects(bytes(`8001ff7f490253005382000100`));
  expect(objects.map(({ tag, value }) => [tag, Buffer.from(value).toString('hex')])).toEqual([
    [0x80, 'ff'],
    [0x7f49, '5300'],
    [0x53, '00'],
  ]);
  expect(readObjects(new Uint8Array())).toEqual([]);
  expect(findObject(bytes('8001ff'), 0x81)).toBeUndefined();
});

test.each([
  ['a tag alone', '80'],
  ['a value that is cut off', '800201'],
  ['a length that is cut off', '8082ff'],
  ['an indefinite length', '80800000'],
  ['a length of three bytes', '8083000001ff'],
  ['a tag of three bytes', '5fc10500'],
  ['half a tag', '5f'],
  ['too many', '8000'.repeat(33)],
  ['too much', `538242${'00'.repeat(17_000)}`],
])('%s is refused', (_what, hex) => {
  expect(() => readObjects(bytes(hex))).toThrow(expect.objectContaining({ code: 'PIV_ANSWER_INVALID' }));
});

test('whatever a card sends, it is read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
      try {
        const total = readObjects(input).reduce((sum, { value }) => sum + value.byteLength, 0);
        expect(total).toBeLessThanOrEqual(input.byteLength);
      } catch (error) {
        expect(error).toBeInstanceOf(PratiqueError);
      }
    }),
    { numRuns: 2000 },
  );
});
