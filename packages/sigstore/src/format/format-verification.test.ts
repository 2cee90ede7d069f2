import { expect, test } from 'vitest';
import { cosignExitCode } from '../exit-code.ts';
import { bundle, evidence, layer, now, subject, trusting, trustingLog } from '../testing/forge.ts';
import { loggedLayer } from '../testing/matrix/mutate.ts';
import type { Trust } from '../trust/trust.ts';
import { verifyEvidence } from '../verify/verify.ts';
import { formatVerification } from './format-verification.ts';

test('scripts that read `cosign verify` output can read ours, for both formats', () => {
  const { signatures } = verifyEvidence(evidence(layer(), bundle()), trusting(), now);
  const image = { 'docker-manifest-digest': subject.digest };
  expect(
    JSON.parse(JSON.stringify(formatVerification(signatures, 'registry.test/app:v1', subject.digest))),
  ).toEqual([
    {
      critical: {
        identity: { 'docker-reference': 'registry.test/app' },
        image,
        type: 'cosign container image signature',
      },
      optional: { env: 'dev' },
    },
    {
      critical: {
        identity: { 'docker-reference': 'registry.test/app:v1' },
        image,
        type: 'https://sigstore.dev/cosign/sign/v1',
      },
      optional: { env: 'dev' },
    },
  ]);
});

test('the log entry of a layer is printed as Cosign prints it, and only once it was verified', () => {
  const item = loggedLayer((entry) => entry)();
  const printed = (trust: Trust) =>
    formatVerification(
      verifyEvidence(evidence(item), trust, now).signatures,
      'registry.test/app:v1',
      subject.digest,
    );
  expect(printed(trustingLog)[0]?.optional).toMatchObject({
    env: 'dev',
    Bundle: { SignedEntryTimestamp: expect.any(String), Payload: { logIndex: 1007 } },
  });
  expect(printed(trusting())[0]?.optional).toEqual({ env: 'dev' });
});

test('exit codes 10 to 13 mean what they mean for Cosign, and nothing else has one', () => {
  const codes = [
    'SIGNATURE_MISSING',
    'OCI_NOT_FOUND',
    'NO_MATCHING_SIGNATURE',
    'NO_CERTIFICATE',
    'OCI_TIMEOUT',
    'toString',
  ];
  expect(codes.map(cosignExitCode)).toEqual([10, 11, 12, 13, undefined, undefined]);
});
