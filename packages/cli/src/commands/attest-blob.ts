import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { attestBlob } from '@pratique/sigstore';
import { namedArtifact, requireBundle } from '../blob/artifact.ts';
import type { Run } from '../program/spec.ts';
import { readClaim } from '../signing/claim.ts';
import { openSigner } from '../signing/open-signer.ts';
import { rekorVersions } from '../signing/signature-format.ts';
import type { attestBlob as spec } from '../specs/attestations.ts';

export const run: Run<typeof spec.flags> = async ({ args, flags, terminal, signal }) => {
  const file = requireBundle(flags.bundle, 'attest-blob', 'to write the attestation to');
  const claim = readClaim(flags, terminal, 'attest-blob');
  const artifact = namedArtifact(args[0]!, terminal);
  const purpose = { command: 'attest-blob', rekorVersions: rekorVersions('bundle'), signal };
  const signer = await openSigner(flags, terminal, purpose);
  try {
    const { bundle } = await attestBlob(artifact, claim, signer, { signal });
    writeFileSync(resolve(terminal.cwd, file), bundle);
    terminal.err(`Wrote bundle to file ${file}\n`);
    return 0;
  } finally {
    signer.close();
  }
};
