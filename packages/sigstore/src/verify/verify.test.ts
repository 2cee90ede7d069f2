import { expect, test } from 'vitest';
import {
  alice,
  bundle,
  bundleJson,
  evidence,
  keys,
  layer,
  now,
  stranger,
  trusting,
} from '../testing/forge.ts';
import { verifyEvidence, verifyEvidenceInTurns } from './verify.ts';

const many = evidence(...Array.from({ length: 300 }, () => layer(undefined, stranger)), layer(), bundle());
const trust = { ...trusting(), keys: [...trusting(keys['ecdsa-p384']).keys, ...trusting().keys] };

test('verifying in turns says exactly what verifying at once says', async () => {
  const skipped = [{ source: layer().source, code: 'EVIDENCE_MISSING', message: 'gone', checks: [] }];
  const all = { ...many, skipped };
  expect(await verifyEvidenceInTurns(all, trust, now)).toEqual(verifyEvidence(all, trust, now));
});

test('a thousand forged signatures do not keep a server from answering others', async () => {
  let answered = 0;
  const others = setInterval(() => answered++, 1);
  await verifyEvidenceInTurns(many, trust, now);
  clearInterval(others);
  expect(answered).toBeGreaterThan(0);
});

test('a deadline ends verification between two candidates, as a fault and not as a result', async () => {
  const deadline = new Error('too late');
  const verifying = verifyEvidenceInTurns(many, trust, now, AbortSignal.abort(deadline));
  await expect(verifying).rejects.toBe(deadline);
});

test('every check that was made is listed, in order, for people who ask why', () => {
  const { signatures } = verifyEvidence(evidence(bundle()), trusting(), now);
  expect(signatures[0]!.checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
    'bundle true',
    'envelope true',
    'signature true',
    'payload true',
    'subject true',
    'transparency-log null',
    'key-validity true',
  ]);
});

test('a result can be stored and shown: it is plain JSON', () => {
  const result = verifyEvidence(
    evidence(layer(), bundle(bundleJson(undefined, stranger))),
    trusting(alice),
    now,
  );
  expect(JSON.parse(JSON.stringify(result))).toEqual({ ...result });
});
