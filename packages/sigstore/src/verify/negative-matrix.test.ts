import { createSelfSigned, encodeBase64 } from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { annotationNames } from '../media-types.ts';
import { joinEcdsa, order, splitEcdsa } from '../testing/ecdsa.ts';
import {
  alice,
  attestationLayer,
  bundle,
  bundleJson,
  bytesOf,
  evidence,
  goodDocument,
  keys,
  layer,
  now,
  stranger,
  trusting,
  trustingLog,
} from '../testing/forge.ts';
import { bundleFormRows, envelopeRows } from '../testing/matrix/bundle.ts';
import { keyRows } from '../testing/matrix/keys.ts';
import { layerPayloadRows, layerSignatureRows } from '../testing/matrix/layer.ts';
import { logRows } from '../testing/matrix/log.ts';
import { loggedBundle, loggedLayer, type Row, signedDocument } from '../testing/matrix/mutate.ts';
import { statementRows } from '../testing/matrix/statement.ts';
import type { Trust } from '../trust/trust.ts';
import type { EvidenceItem } from '../types.ts';
import { distinctSigners, verifyEvidence } from './verify.ts';

/**
 * The negative matrix: every row is a good artefact with one thing wrong, and says what must become of it. The rows
 * are in `testing/matrix/`; without the check a row is about, that row's candidate would be accepted.
 */
const matrix: Readonly<Record<string, readonly Row[]>> = {
  'layer of a signature tag: what is signed': layerPayloadRows,
  'layer of a signature tag: the signature': layerSignatureRows,
  'keys and algorithms': keyRows,
  'bundle: form': bundleFormRows,
  'bundle: envelope': envelopeRows,
  'bundle: statement': statementRows,
  'transparency log, where one is trusted': logRows,
};

function outcome(item: EvidenceItem, trust: Trust = trusting()): string {
  const result = verifyEvidence(evidence(item), trust, now);
  expect(result.signatures.length + result.attestations.length + result.rejected.length).toBe(1);
  if (result.signatures.length > 0) return 'SIGNATURE';
  return result.attestations.length > 0 ? 'ATTESTATION' : result.rejected[0]!.code;
}

describe.each(Object.entries(matrix))('%s', (_title, rows) => {
  for (const [name, expected, item, trust] of rows) {
    test(`${name} → ${expected}`, () => expect(outcome(item(), trust)).toBe(expected));
  }
});

describe('control: what the rows forge is accepted as long as it is not forged', () => {
  test.each([
    ['a layer', layer()],
    ['a bundle', bundle()],
    ['an attestation layer with the signature predicate', attestationLayer(bundleJson().dsseEnvelope)],
  ])('%s', (_name, item) => expect(outcome(item)).toBe('SIGNATURE'));
  test.each(Object.entries(keys))('a layer and a bundle by %s', (_name, key) => {
    expect(outcome(layer(undefined, key), trusting(key))).toBe('SIGNATURE');
    expect(outcome(bundle(bundleJson(undefined, key)), trusting(key))).toBe('SIGNATURE');
  });
  test('a layer and a bundle in the log that is asked for', () => {
    expect(outcome(loggedLayer((entry) => entry)(), trustingLog)).toBe('SIGNATURE');
    expect(outcome(loggedBundle((entry) => entry)(), trustingLog)).toBe('SIGNATURE');
  });
});

describe('what must not be mistaken for a denial or for more than it is', () => {
  test('both values of s verify, as Cosign writes either, and are still one signer (quorum)', () => {
    const payload = bytesOf(goodDocument());
    const signature = alice.sign(payload);
    const [r, s] = splitEcdsa(signature);
    const twin = layer(payload, alice, encodeBase64(joinEcdsa(r, order - s)));
    const result = verifyEvidence(
      evidence(layer(payload, alice, encodeBase64(signature)), twin, bundle()),
      trusting(),
      now,
    );
    expect(result.signatures).toHaveLength(3);
    expect(distinctSigners(result.signatures)).toEqual([alice.publicKey.fingerprint]);
  });

  test('a stranger’s hint on a trusted key’s signature does not hide who signed', () => {
    const json = bundleJson();
    json.verificationMaterial = { publicKey: { hint: stranger.publicKey.hint } };
    expect(outcome(bundle(json))).toBe('SIGNATURE');
  });

  test('a log entry is not read where no log is trusted: nobody could vouch for its time', () => {
    const result = verifyEvidence(evidence(loggedBundle((entry) => entry)()), trusting(), now);
    expect(result.signatures[0]).toMatchObject({ signedAt: null, log: null });
  });

  test('one forged signature does not spoil a genuine one, and does not go unmentioned', () => {
    const result = verifyEvidence(evidence(layer(undefined, stranger), layer()), trusting(), now);
    expect(result.signatures).toHaveLength(1);
    expect(result.rejected.map((rejection) => rejection.code)).toEqual(['SIGNER_UNTRUSTED']);
  });

  test('a refusal says which key it found and which it wanted', () => {
    const [rejection] = verifyEvidence(
      evidence(bundle(bundleJson(undefined, stranger))),
      trusting(),
      now,
    ).rejected;
    expect(rejection?.expected).toContain(alice.publicKey.fingerprint);
    expect(rejection?.found).toContain(stranger.publicKey.fingerprint);
    expect(rejection?.checks.at(-1)).toMatchObject({ name: 'signature', ok: false });
  });

  test('a refused certificate is named, so that people know which signature is meant', () => {
    const { certificatePem } = createSelfSigned({ names: ['build.example.test'] });
    const item = layer(undefined, alice, undefined, { [annotationNames.certificate]: certificatePem });
    const [rejection] = verifyEvidence(evidence(item), trusting(), now).rejected;
    expect(rejection?.found).toBe('a certificate for build.example.test (by its own account)');
  });

  test('terminal escapes in a payload do not reach a message', () => {
    const item = signedDocument((d) => {
      d.critical.type = '\u001b[2Jcosign container image signature';
    })();
    const { rejected } = verifyEvidence(evidence(item), trusting(), now);
    expect(JSON.stringify(rejected)).not.toMatch(/\\u001b/);
    expect(rejected[0]?.found).toBe('\\u{1b}[2Jcosign container image signature');
  });
});
