import { verifyBundleFile } from '../blob/verify-bundle-file.ts';
import { cliErrors } from '../errors.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import { wantedPredicateType } from '../signing/claim.ts';
import type { verifyBlobAttestation } from '../specs/attestations.ts';

type Flags = FlagValues<typeof verifyBlobAttestation.flags>;

export const run: Run<typeof verifyBlobAttestation.flags> = async ({ args, flags, terminal, signal }) => {
  const predicateType = wantedPredicateType(flags.type);
  await verifyBundleFile(
    'verify-blob-attestation',
    artifactName(args, flags),
    flags,
    { predicateType },
    ({ statement }) => statement?.document,
    terminal,
    signal,
  );
  return 0;
};

/** The file, or its digest as `ALGORITHM:HEX`. */
function artifactName(args: readonly string[], { digest, digestAlg }: Flags): string {
  const [name] = args;
  if ((name === undefined) === (digest === undefined)) {
    throw cliErrors.error('USAGE', {
      message: 'an attestation is about one file',
      expected: 'FILE, DIGEST or --digest HEX',
      found: name === undefined ? 'none of them' : 'two of them',
    });
  }
  return name ?? `${digestAlg}:${digest}`;
}
