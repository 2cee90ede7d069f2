import { signBlob } from '@pratique/sigstore';
import { readInput, requireBundle } from '../blob/artifact.ts';
import type { Run } from '../program/spec.ts';
import { writeFile } from '../program/write-file.ts';
import { openSigner } from '../signing/open-signer.ts';
import { rekorVersions } from '../signing/signature-format.ts';
import { makeKeyOf } from '../signing/signing-algorithm.ts';
import { writeParts } from '../signing/write-parts.ts';
import type { signBlob as spec } from '../specs/signing.ts';

export const run: Run<typeof spec.flags> = async ({ args, flags, terminal, signal }) => {
  const { b64, bundle: file } = flags;
  const signature = flags['output-signature'] ?? flags.output;
  if (signature === undefined) requireBundle(file, 'sign-blob', 'to write the signature to');
  const bytes = readInput(args[0]!, terminal);
  const purpose = {
    command: 'sign-blob',
    rekorVersions: rekorVersions('bundle'),
    makeKey: () => makeKeyOf(flags['signing-algorithm']),
    signal,
  };
  const signer = await openSigner(flags, terminal, purpose);
  try {
    const { bundle, signed } = await signBlob(bytes, signer, { signal });
    if (file !== undefined) {
      writeFile(file, bundle, terminal.cwd);
      terminal.err(`Wrote bundle to file ${file}\n`);
    }
    const files = {
      signature,
      certificate: flags['output-certificate'],
      timestamp: flags['rfc3161-timestamp'],
    };
    writeParts(signed, files, { signatureBase64: b64, certificateBase64: b64 }, terminal);
    return 0;
  } finally {
    await signer.close();
  }
};
