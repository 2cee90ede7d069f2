import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonValue } from '../encoding/json.ts';
import { generateSigningKey } from '../keys/signing-key.ts';
import { parseEnvelope, preAuthEncoding, verifyEnvelope } from './envelope.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const utf8 = (value: string) => new TextEncoder().encode(value);

test('the pre-authentication encoding is the one of the specification', () => {
  // secure-systems-lab/dsse protocol.md, "Test Vectors"
  expect(text(preAuthEncoding('http://example.com/HelloWorld', utf8('hello world')))).toBe(
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  );
});

test('lengths count bytes, so that characters beyond ASCII cannot shift what is signed', () => {
  expect(text(preAuthEncoding('é', utf8('日')))).toBe('DSSEv1 2 é 3 日');
});

test('no two pairs of type and payload have the same encoding', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.string(),
      fc.string(),
      (type, payload, otherType, otherPayload) => {
        fc.pre(type !== otherType || payload !== otherPayload);
        fc.pre([type, payload, otherType, otherPayload].every((value) => value.isWellFormed()));
        expect(text(preAuthEncoding(type, utf8(payload)))).not.toBe(
          text(preAuthEncoding(otherType, utf8(otherPayload))),
        );
      },
    ),
  );
});

test('a signature holds for one type and payload', () => {
  const key = generateSigningKey();
  const signature = key.sign(preAuthEncoding('a', utf8('b')));
  expect(verifyEnvelope({ payloadType: 'a', payload: utf8('b') }, signature, key.publicKey)).toBe(
    'ecdsa-sha256',
  );
  expect(verifyEnvelope({ payloadType: 'b', payload: utf8('b') }, signature, key.publicKey)).toBeNull();
  expect(verifyEnvelope({ payloadType: 'a', payload: utf8('c') }, signature, key.publicKey)).toBeNull();
});

test('what is no envelope is refused with an error of ours', () => {
  const member = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom('', 'AAAA', [{ sig: 'AAAA' }], [{ sig: 1 }], [null]),
  );
  const envelopes = fc.record(
    { payload: member, payloadType: member, signatures: member },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), envelopes), (value) => {
      try {
        const envelope = parseEnvelope(value as JsonValue);
        expect(envelope.signatures.every(({ signature }) => signature instanceof Uint8Array)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(PratiqueError);
      }
    }),
    { numRuns: 1000 },
  );
});
