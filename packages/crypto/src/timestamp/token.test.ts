import { createHash } from 'node:crypto';
import { PratiqueError } from '@pratique/errors';
import { expect, test } from 'vitest';
import { encodeDer, objectIdentifier, octetString, sequence, unsignedInteger } from '../der/writer.ts';
import { generateSigningKey } from '../keys/signing-key.ts';
import { parseCertificate } from '../x509/certificate.ts';
import {
  certificateExtensions,
  distinguishedName,
  issueCertificate,
  newSerialNumber,
} from '../x509/issue.ts';
import { oids } from '../x509/oids.ts';
import { issueTimestamp } from './issue.ts';
import { formatTimestampRequest, parseTimestampRequest } from './request.ts';
import { parseTimestampResponse, parseTimestampToken, readAccuracy, tokenInResponse } from './response.ts';

const time = new Date('2026-06-01T00:00:00Z');
const key = generateSigningKey();
const certificate = parseCertificate(
  issueCertificate(
    {
      issuer: distinguishedName('tsa'),
      subject: distinguishedName('tsa'),
      publicKey: key.publicKey,
      validFrom: time,
      validUntil: time,
      extensions: [certificateExtensions.extendedKeyUsage(oids.timeStamping, true)],
      serialNumber: newSerialNumber(),
    },
    key,
  ),
);

test('the token of a response is read as what it is in the response', async () => {
  const request = parseTimestampRequest(formatTimestampRequest(Uint8Array.of(1)));
  const response = await issueTimestamp(request, { key, certificate, policy: '1.2.3' }, time);
  const token = tokenInResponse(response);
  expect(parseTimestampToken(token)).toEqual(parseTimestampResponse(response));
  expect(() => parseTimestampToken(response)).toThrow(PratiqueError);
  expect(() => parseTimestampToken(Uint8Array.of(...token, 0))).toThrow(PratiqueError);
  expect(() => parseTimestampToken(new Uint8Array(65 * 1024))).toThrow(PratiqueError);
});

test('what is stamped comes back as it was asked for, with NULL behind its hash or without', async () => {
  const plain = formatTimestampRequest(Uint8Array.of(1));
  const nothing = Uint8Array.of(5, 0);
  const hash = new Uint8Array(createHash('sha256').update(Uint8Array.of(1)).digest());
  const withNull = sequence(
    unsignedInteger(Uint8Array.of(1)),
    sequence(sequence(objectIdentifier(oids.sha256), nothing), octetString(hash)),
  );
  for (const bytes of [plain, withNull]) {
    const request = parseTimestampRequest(bytes);
    const response = await issueTimestamp(request, { key, certificate, policy: '1.2.3' }, time);
    const { content, imprint } = parseTimestampResponse(response);
    expect(Buffer.from(content).includes(Buffer.from(request.messageImprint!))).toBe(true);
    expect(imprint).toEqual({ algorithm: 'sha256', digest: hash });
  }
});

const seconds = (value: number) => unsignedInteger(Uint8Array.of(value));
const part = (number: number, ...bytes: number[]) => encodeDer(0x80 | number, Uint8Array.from(bytes));

test.each<[string, Uint8Array, number]>([
  ['nothing', sequence(), 0],
  ['seconds', sequence(seconds(2)), 2000],
  ['milliseconds', sequence(part(0, 0x01, 0xf4)), 500],
  ['microseconds, rounded up', sequence(part(1, 1)), 1],
  ['all of them', sequence(seconds(1), part(0, 2), part(1, 3)), 1003],
])('an accuracy of %s is read', (_, der, expected) => {
  expect(readAccuracy(der)).toBe(expected);
});

test.each<[string, Uint8Array]>([
  ['no milliseconds', sequence(part(0, 0))],
  ['a second of milliseconds', sequence(part(0, 0x03, 0xe8))],
  ['parts in another order', sequence(part(1, 1), part(0, 1))],
  ['something else', sequence(part(2, 1))],
])('an accuracy of %s is refused', (_, der) => {
  expect(() => readAccuracy(der)).toThrow(PratiqueError);
});
