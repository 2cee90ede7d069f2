import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DerReader, readDer } from './reader.ts';
import { encodeDer, objectIdentifier, octetString, sequence, unsignedInteger } from './writer.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('DER that is written is read back', () => {
  test('any magnitude as INTEGER', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 300n }), (value) => {
        const hex = value.toString(16);
        const magnitude = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
        const read = new DerReader(unsignedInteger(magnitude)).positiveInteger();
        expect(BigInt(`0x${Buffer.from(read).toString('hex')}`)).toBe(value);
      }),
    );
  });

  test('any OBJECT IDENTIFIER', () => {
    const arc = fc.nat(2 ** 40);
    const dotted = fc
      .oneof(fc.tuple(fc.nat(1), fc.nat(39)), fc.tuple(fc.constant(2), fc.nat(100_000)))
      .chain(([a, b]) => fc.array(arc, { maxLength: 10 }).map((rest) => [a, b, ...rest].join('.')));
    fc.assert(
      fc.property(dotted, (oid) => {
        expect(new DerReader(objectIdentifier(oid)).oid()).toBe(oid);
      }),
    );
  });

  test('content of any length', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const content = new Uint8Array(length).fill(7);
      expect(readDer(sequence(octetString(content))).octetString()).toEqual(content);
    }
  });
});

describe('what DER forbids is refused', () => {
  test.each([
    ['nothing at all', bytes()],
    ['a tag and no length', bytes(0x30)],
    ['an indefinite length', bytes(0x30, 0x80, 0, 0)],
    ['a long form for a short length', bytes(0x30, 0x81, 1, 5)],
    ['a length with a leading zero', bytes(0x30, 0x82, 0, 0x80, ...new Uint8Array(128))],
    ['a length of five bytes', bytes(0x30, 0x85, 1, 0, 0, 0, 0)],
    ['a length beyond the end', bytes(0x30, 3, 2, 1)],
    ['bytes behind the element', bytes(0x30, 0, 0)],
    ['another tag', bytes(0x31, 0)],
  ])('%s', (_name, input) =>
    expect(() => readDer(input)).toThrow(expect.objectContaining({ code: 'DER_INVALID' })),
  );

  test.each([
    ['an empty INTEGER', (r: DerReader) => r.integer(), bytes(2, 0)],
    ['a needless zero', (r: DerReader) => r.integer(), bytes(2, 2, 0, 1)],
    ['a needless 0xff', (r: DerReader) => r.integer(), bytes(2, 2, 0xff, 0x80)],
    ['a negative where a positive belongs', (r: DerReader) => r.positiveInteger(), bytes(2, 1, 0x80)],
    ['zero where a positive belongs', (r: DerReader) => r.positiveInteger(), bytes(2, 1, 0)],
    ['a small number that is large', (r: DerReader) => r.smallInteger(), bytes(2, 5, 1, 0, 0, 0, 0)],
    ['a loose BOOLEAN', (r: DerReader) => r.boolean(), bytes(1, 1, 1)],
    ['a long BOOLEAN', (r: DerReader) => r.boolean(), bytes(1, 2, 0xff, 0xff)],
    ['a NULL with content', (r: DerReader) => r.null(), bytes(5, 1, 0)],
    ['an empty BIT STRING', (r: DerReader) => r.bitString(), bytes(3, 0)],
    ['a BIT STRING with unused bits', (r: DerReader) => r.bitString(), bytes(3, 2, 1, 0)],
    ['an empty OBJECT IDENTIFIER', (r: DerReader) => r.oid(), bytes(6, 0)],
    ['an OBJECT IDENTIFIER cut off', (r: DerReader) => r.oid(), bytes(6, 1, 0x80)],
    ['an arc with a needless byte', (r: DerReader) => r.oid(), bytes(6, 3, 42, 0x80, 1)],
    ['an arc beyond 2⁵³', (r: DerReader) => r.oid(), bytes(6, 10, 42, ...new Uint8Array(8).fill(0xff), 1)],
    ['a tag of two bytes', (r: DerReader) => r.element(), bytes(0x1f, 1, 5)],
  ])('%s', (_name, read, input) => {
    expect(() => read(new DerReader(input))).toThrow(expect.objectContaining({ code: 'DER_INVALID' }));
  });

  test('nesting without end', () => {
    let deep = sequence();
    for (let i = 0; i < 40; i++) deep = sequence(deep);
    const descend = (reader: DerReader): unknown => (reader.done ? reader : descend(reader.nested()));
    expect(() => descend(readDer(deep))).toThrow(expect.objectContaining({ code: 'DER_INVALID' }));
  });

  test('unread elements', () => {
    const reader = readDer(sequence(octetString(bytes(1)), octetString(bytes(2))));
    reader.octetString();
    expect(() => reader.end()).toThrow(expect.objectContaining({ code: 'DER_INVALID' }));
  });
});

test('reading garbage ends in an error of ours or in bytes that are in the input', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (input) => {
      try {
        const { bytes: whole, content } = new DerReader(input).element();
        expect(whole.byteLength).toBeLessThanOrEqual(input.byteLength);
        expect(encodeDer(whole[0]!, content)).toEqual(whole);
      } catch (error) {
        expect(error).toBeInstanceOf(PratiqueError);
      }
    }),
    { numRuns: 1000 },
  );
});
