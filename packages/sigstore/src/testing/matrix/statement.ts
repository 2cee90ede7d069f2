import { attestationLayer, bundle, bundleJson, bytesOf, goodStatement, subject } from '../forge.ts';

import { type Row, signedStatement } from './mutate.ts';

/** Bundle: its statement. */
export const statementRows: readonly Row[] = [
  [
    'a genuine statement about another image',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0].digest = { sha256: 'b2'.repeat(32) };
    }),
  ],
  [
    'the digest under another algorithm',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0].digest = { sha512: 'a1'.repeat(32) };
    }),
  ],
  [
    'the digest under an algorithm in capitals',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0].digest = { SHA256: 'a1'.repeat(32) };
    }),
  ],
  [
    'the digest in capitals',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0].digest = { sha256: 'A1'.repeat(32) };
    }),
  ],
  [
    'the digest with its algorithm in front',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0].digest = { sha256: subject.digest };
    }),
  ],
  [
    'the digest only on the prototype',
    'PAYLOAD_INVALID',
    () =>
      bundle(
        bundleJson(
          bytesOf(
            JSON.stringify(goodStatement())
              .replace('"digest":{"sha256"', '"digest":{"__proto__":{"sha256"')
              .replace('"},"annotations"', '"}},"annotations"'),
          ),
        ),
      ),
  ],
  [
    'the digest as the subject’s name',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0] = { name: subject.digest, digest: { sha256: 'b2'.repeat(32) } };
    }),
  ],
  [
    'a null subject before the right one',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject.unshift(null);
    }),
  ],
  [
    'a null subject behind the right one',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject.push(null);
    }),
  ],
  [
    'null instead of subjects',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject = null;
    }),
  ],
  [
    'no subjects',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject = [];
    }),
  ],
  [
    'subjects missing',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      delete s.subject;
    }),
  ],
  [
    'a subject without digest',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      delete s.subject[0].digest;
    }),
  ],
  [
    'a subject with no digests',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject[0].digest = {};
    }),
  ],
  [
    'a digest that is a number',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject[0].digest.sha256 = 1;
    }),
  ],
  [
    '1,025 subjects, the right one among them',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject = Array.from({ length: 1025 }, () => s.subject[0]);
    }),
  ],
  [
    '33 digests of a subject, the right one among them',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      for (let i = 0; i < 32; i++) s.subject[0].digest[`h${i}`] = 'x';
    }),
  ],
  [
    'no statement type',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      delete s._type;
    }),
  ],
  [
    'another statement type',
    'PAYLOAD_TYPE_MISMATCH',
    signedStatement((s) => {
      s._type = 'https://in-toto.io/Statement/v9';
    }),
  ],
  [
    'no predicate type',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      delete s.predicateType;
    }),
  ],
  [
    'a payload cut off',
    'ENCODING_INVALID',
    () => bundle(bundleJson(bytesOf(goodStatement()).subarray(0, -1))),
  ],
  [
    'a predicate type given twice',
    'ENCODING_INVALID',
    () =>
      bundle(
        bundleJson(
          bytesOf(
            JSON.stringify(goodStatement()).replace('"predicate":', '"predicateType":"x","predicate":'),
          ),
        ),
      ),
  ],
  [
    'an SBOM attestation where a signature is wanted (security-profiles-operator #3449)',
    'ATTESTATION',
    signedStatement((s) => {
      s.predicateType = 'https://spdx.dev/Document';
    }),
  ],
  [
    'the signature’s predicate type in another case',
    'ATTESTATION',
    signedStatement((s) => {
      s.predicateType = s.predicateType.toUpperCase();
    }),
  ],
  [
    'the signature’s predicate type with a slash behind it',
    'ATTESTATION',
    signedStatement((s) => {
      s.predicateType += '/';
    }),
  ],
  [
    'an attestation layer with two signatures',
    'ENVELOPE_SIGNATURE_COUNT',
    () => {
      const { dsseEnvelope } = bundleJson();
      return attestationLayer({
        ...dsseEnvelope,
        signatures: [...dsseEnvelope.signatures, ...dsseEnvelope.signatures],
      });
    },
  ],
  ['an attestation layer that is a whole bundle', 'ENVELOPE_INVALID', () => attestationLayer(bundleJson())],
];
