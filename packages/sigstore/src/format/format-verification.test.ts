import { expect, test } from 'vitest';
import { cosignExitCode } from '../exit-code.ts';
import { bundle, evidence, layer, now, subject, trusting } from '../testing/forge.ts';
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

test('exit codes 10 to 13 mean what they mean for Cosign, and nothing else has one', () => {
  const codes = [
    'NO_SIGNATURE',
    'OCI_NOT_FOUND',
    'NO_MATCHING_SIGNATURE',
    'NO_CERTIFICATE',
    'OCI_TIMEOUT',
    'toString',
  ];
  expect(codes.map(cosignExitCode)).toEqual([10, 11, 12, 13, undefined, undefined]);
});
