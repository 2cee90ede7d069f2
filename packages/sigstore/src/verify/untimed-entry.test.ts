import {
  formatVerifierKey,
  generateSigningKey,
  parseCheckpoint,
  parseWitnessPolicy,
  preAuthEncoding,
  signCosignature,
} from '@pratique/crypto';
import { expect, test } from 'vitest';
import {
  alice,
  bundle,
  bundleJson,
  bytesOf,
  evidence,
  goodStatement,
  now,
  trusting,
} from '../testing/forge.ts';
import { hashedRekordV2Body, testLogV2 } from '../testing/virtual/rekor-v2.ts';
import type { TransparencyLog } from '../trust/trust.ts';
import { verifyEvidence } from './verify.ts';

const day = 86_400_000;
const at = (milliseconds: number) => new Date(now.getTime() + milliseconds);
const log = testLogV2(generateSigningKey('ed25519'), 'log.example.test', { validFrom: at(-30 * day) });
const witness = generateSigningKey('ed25519');
const vkey = formatVerifierKey({ name: 'w.example.test', key: witness.publicKey, role: 'witness' });
const witnesses = parseWitnessPolicy(`witness w ${vkey}\nquorum w\n`);

/** A signature by a key, in a Rekor v2, with no timestamp: nothing has a time but a witness’s cosignature. */
function verify(window: Pick<TransparencyLog, 'validFrom' | 'validUntil'>, seen?: Date) {
  const json = bundleJson();
  const signature = Buffer.from(json.dsseEnvelope.signatures[0]!.sig, 'base64');
  const signed = preAuthEncoding(json.dsseEnvelope.payloadType, bytesOf(goodStatement()));
  const entry = log.entry(hashedRekordV2Body(signed, signature, { key: alice.publicKey }));
  if (seen !== undefined) {
    const { checkpoint } = entry.inclusionProof!;
    const { text } = parseCheckpoint(checkpoint.envelope);
    checkpoint.envelope += signCosignature(text, 'w.example.test', witness, seen);
  }
  json.verificationMaterial.tlogEntries = [entry];
  const trust = {
    ...trusting(),
    logs: [{ ...log.trusted, ...window }],
    ...(seen === undefined ? {} : { witnesses }),
  };
  const { signatures, rejected } = verifyEvidence(evidence(bundle(json)), trust, now);
  return signatures.length === 1 ? 'ok' : rejected[0]?.code;
}

test('without any time, the log’s key must have begun to be valid; whether it is over, as elsewhere, is not asked', () => {
  expect(verify({ validFrom: at(0) })).toBe('ok');
  expect(verify({ validFrom: at(1) })).toBe('LOG_OUTSIDE_VALIDITY');
  expect(verify({ validFrom: at(-2 * day), validUntil: at(-day) })).toBe('ok');
});

test('the times at which the witnesses that are asked for saw the log must be within its key’s validity', () => {
  const window = { validFrom: at(-2 * day), validUntil: at(-day) };
  expect(verify(window, at(-2 * day))).toBe('ok');
  expect(verify(window, at(-day))).toBe('ok');
  expect(verify(window, at(-2 * day - 1000))).toBe('LOG_OUTSIDE_VALIDITY');
  expect(verify(window, at(-day + 1000))).toBe('LOG_OUTSIDE_VALIDITY');
});
