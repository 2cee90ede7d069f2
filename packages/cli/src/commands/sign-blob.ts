import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { signBlob } from '@pratique/sigstore';
import { readInput, requireBundle } from '../blob/artifact.ts';
import type { Run } from '../program/spec.ts';
import { openSigner } from '../signing/open-signer.ts';
import { rekorVersions } from '../signing/signature-format.ts';
import type { signBlob as spec } from '../specs/signing.ts';

export const run: Run<typeof spec.flags> = async ({ args, flags, terminal, signal }) => {
  const file = requireBundle(flags.bundle, 'sign-blob', 'to write the signature to');
  const bytes = readInput(args[0]!, terminal);
  const purpose = { command: 'sign-blob', rekorVersions: rekorVersions('bundle'), signal };
  const signer = await openSigner(flags, terminal, purpose);
  try {
    const { bundle } = await signBlob(bytes, signer, { signal });
    writeFileSync(resolve(terminal.cwd, file), bundle);
    terminal.err(`Wrote bundle to file ${file}\n`);
    return 0;
  } finally {
    signer.close();
  }
};
