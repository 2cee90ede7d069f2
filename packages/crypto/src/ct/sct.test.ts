import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDetachedTimestamp } from './sct.ts';

const base64 = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(toBase64);

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** DigitallySigned: SHA-256, ECDSA, and a signature with its length before it. */
const signed = fc
  .uint8Array({ maxLength: 80 })
  .map((bytes) => toBase64(Uint8Array.of(4, 3, bytes.length >> 8, bytes.length, ...bytes)));

const answer = fc.record(
  {
    sct_version: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.jsonValue()),
    id: fc.oneof({ weight: 9, arbitrary: base64(32) }, fc.jsonValue()),
    timestamp: fc.oneof({ weight: 9, arbitrary: fc.maxSafeNat() }, fc.jsonValue()),
    extensions: fc.oneof({ weight: 9, arbitrary: base64(3) }, fc.jsonValue()),
    signature: fc.oneof({ weight: 9, arbitrary: signed }, fc.jsonValue()),
  },
  { requiredKeys: ['sct_version', 'id', 'timestamp', 'signature'] },
);

test('what a log may answer is read as what it says, or refused', () => {
  let read = 0;
  fc.assert(
    fc.property(answer, (document) => {
      try {
        const { logId, time, extensions } = parseDetachedTimestamp(Buffer.from(JSON.stringify(document)));
        expect(logId).toBe(Buffer.from(document.id as string, 'base64').toString('hex'));
        expect(time.getTime()).toBe(document.timestamp);
        expect(toBase64(extensions)).toBe(document.extensions ?? '');
        read++;
      } catch (error) {
        expect(error).toBeInstanceOf(PratiqueError);
      }
    }),
    { numRuns: 500 },
  );
  expect(read).toBeGreaterThan(50);
});

test('whatever is no such answer is refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)), (bytes) => {
      expect(() => parseDetachedTimestamp(bytes)).toThrow(PratiqueError);
    }),
    { numRuns: 500 },
  );
});
