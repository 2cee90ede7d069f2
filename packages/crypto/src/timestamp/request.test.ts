import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeDer,
  explicit,
  objectIdentifier,
  octetString,
  sequence,
  trueBoolean,
  unsignedInteger,
} from '../der/writer.ts';
import { oids } from '../x509/oids.ts';
import { keyOfCertificateRequest } from '../x509/request.ts';
import { parseTimestampRequest } from './request.ts';

const version = unsignedInteger(Uint8Array.of(1));
const imprint = (bytes = 32, oid: string = oids.sha256) =>
  sequence(sequence(objectIdentifier(oid)), octetString(new Uint8Array(bytes)));
const good = sequence(version, imprint(), unsignedInteger(Uint8Array.of(0xff, 7)), trueBoolean());

test('a request is read with its nonce as it stands, sign byte and all', () => {
  const { hash, nonce, certificates, policy } = parseTimestampRequest(good);
  expect({ hash, nonce, certificates, policy }).toEqual({
    hash: 'sha256',
    nonce: Uint8Array.of(0, 0xff, 7),
    certificates: true,
    policy: null,
  });
});

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['version 2', sequence(unsignedInteger(Uint8Array.of(2)), imprint())],
  ['SHA-1', sequence(version, imprint(20, '1.3.14.3.2.26'))],
  ['a hash of a wrong length', sequence(version, imprint(31))],
  ['a nonce of 33 bytes', sequence(version, imprint(), encodeDer(2, new Uint8Array(33).fill(1)))],
  ['extensions', sequence(version, imprint(), explicit(0, sequence()))],
  ['bytes after it', Uint8Array.of(...good, 0)],
  ['5 KB', sequence(version, octetString(new Uint8Array(5000)))],
])('%s is refused', (_, bytes) => {
  expect(() => parseTimestampRequest(bytes)).toThrow(PratiqueError);
});

test('whatever bytes come, the parsers of requests refuse them as errors of ours', () => {
  const flipped = fc
    .tuple(fc.nat(good.byteLength - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, mask]) => good.map((byte, i) => (i === at ? byte ^ mask : byte)));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), flipped), (bytes) => {
      for (const parse of [parseTimestampRequest, keyOfCertificateRequest]) {
        try {
          parse(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
        }
      }
    }),
  );
});
