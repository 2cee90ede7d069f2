import { expect, test } from 'vitest';
import { parsePem } from '../encoding/pem.ts';
import { parseCertificate } from './certificate.ts';
import { createSelfSigned } from './create.ts';
import { oids } from './oids.ts';
import { type PathOptions, verifyPath } from './path.ts';
import { isSignedBy } from './signature.ts';

const time = new Date('2026-06-01T12:00:00Z');
const der = (pem: string) => parseCertificate(parsePem(pem, 'a certificate')[0].bytes);
const made = createSelfSigned({ names: ['localhost'], days: 30, now: time });
const leaf = der(made.certificatePem);
const authority = der(made.caPem);
const stranger = der(createSelfSigned({ names: ['localhost'], now: time }).caPem);
const good: PathOptions = { anchors: [authority], intermediates: [], time, purpose: oids.serverAuth };

test('a certificate leads to the authority that issued it', () => {
  expect(verifyPath(leaf, good)).toEqual({ ok: true, path: [leaf, authority] });
  expect(verifyPath(leaf, { ...good, anchors: [stranger, authority] }).ok).toBe(true);
});

test.each([
  ['another authority', { anchors: [stranger] }],
  ['no authority', { anchors: [] }],
  ['its authority as intermediate only', { anchors: [stranger], intermediates: [authority] }],
  ['a moment before it', { time: new Date(leaf.validFrom.getTime() - 1000) }],
  ['a moment after it', { time: new Date(leaf.validUntil.getTime() + 1000) }],
  ['another purpose', { purpose: oids.codeSigning }],
])('and to nothing for %s', (_name, change) => {
  expect(verifyPath(leaf, { ...good, ...change }).ok).toBe(false);
});

test('both ends of its validity count', () => {
  for (const moment of [leaf.validFrom, leaf.validUntil])
    expect(verifyPath(leaf, { ...good, time: moment }).ok).toBe(true);
});

test('an authority is not a signer itself, even where it is its own anchor', () => {
  expect(verifyPath(authority, good).ok).toBe(false);
});

test('a remembered signature is remembered for its issuer only', () => {
  expect([isSignedBy(leaf, authority), isSignedBy(leaf, authority), isSignedBy(leaf, stranger)]).toEqual([
    true,
    true,
    false,
  ]);
  const damaged = { ...leaf, signature: leaf.signature.with(8, leaf.signature[8]! ^ 1) };
  expect(isSignedBy(damaged, authority)).toBe(false);
});

test('a certificate signed with an algorithm that is not accepted is signed by nobody', () => {
  for (const signatureAlgorithm of ['1.2.840.10045.4.1', '1.2.840.113549.1.1.5', oids.rsaWithSha256]) {
    expect(isSignedBy({ ...leaf, signatureAlgorithm }, authority)).toBe(false);
  }
});
