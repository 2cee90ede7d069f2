import { verifyBundleFile } from '../blob/verify-bundle-file.ts';
import type { Run } from '../program/spec.ts';
import { wantedPredicateType } from '../signing/claim.ts';
import type { verifyBlobAttestation } from '../specs/attestations.ts';

export const run: Run<typeof verifyBlobAttestation.flags> = async ({ args, flags, terminal, signal }) => {
  const predicateType = wantedPredicateType(flags.type);
  await verifyBundleFile(
    'verify-blob-attestation',
    args[0]!,
    flags,
    { predicateType },
    ({ statement }) => statement?.document,
    terminal,
    signal,
  );
  return 0;
};
