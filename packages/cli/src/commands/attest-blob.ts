import { basename } from 'node:path';
import { attestBlob, type NamedArtifact } from '@pratique/sigstore';
import { namedArtifact, readArtifact, requireBundle } from '../blob/artifact.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { writeFile } from '../program/write-file.ts';
import { readClaim } from '../signing/claim.ts';
import { openSigner } from '../signing/open-signer.ts';
import { entryPurpose } from '../signing/signature-format.ts';
import { writeParts } from '../signing/write-parts.ts';
import type { attestBlob as spec } from '../specs/attestations.ts';

export const run: Run<typeof spec.flags> = async ({ args, flags, terminal, signal }) => {
  const { bundle: file, 'output-signature': signature, 'output-attestation': payload } = flags;
  if (signature === undefined) requireBundle(file, 'attest-blob', 'to write the attestation to');
  const claim = readClaim(flags, terminal, 'attest-blob');
  const artifact =
    flags.hash === undefined ? namedArtifact(args[0]!, terminal) : elsewhere(args[0]!, flags.hash, terminal);
  const purpose = { command: 'attest-blob', ...entryPurpose(flags['rekor-entry-type'], 'bundle'), signal };
  const signer = await openSigner(flags, terminal, purpose);
  try {
    const { bundle, signed } = await attestBlob(artifact, claim, signer, { signal });
    if (file !== undefined) {
      writeFile(file, bundle, terminal.cwd);
      terminal.err(`Wrote bundle to file ${file}\n`);
    }
    const files = {
      signature,
      payload,
      certificate: flags['output-certificate'],
      timestamp: flags['rfc3161-timestamp-bundle'],
    };
    writeParts(signed, files, { signatureBase64: true, certificateBase64: true }, terminal);
    return 0;
  } finally {
    await signer.close();
  }
};

/** A file that is not here, by the name it has there and its SHA-256. */
function elsewhere(name: string, hash: string, terminal: Terminal): NamedArtifact {
  const artifact = readArtifact(`sha256:${hash}`, terminal) as NamedArtifact['artifact'];
  return { name: basename(name), artifact };
}
