import { formatPublicKey, generateSigningKey } from '@pratique/crypto';
import { cliErrors } from '../errors.ts';
import { isManaged, managedKeys } from '../keys/managed-key.ts';
import { newPassword } from '../keys/password.ts';
import { refuseExistingFiles, writePair } from '../keys/write-pair.ts';
import type { Run } from '../program/spec.ts';
import { writeFile } from '../program/write-file.ts';
import type { generateKeyPair } from '../specs/signing.ts';

export const run: Run<typeof generateKeyPair.flags> = async ({ args, flags, terminal, signal }) => {
  const prefix = flags['output-key-prefix'];
  const reference = args[0] ?? flags.kms;
  if (reference === undefined) {
    writePair(generateSigningKey(), await newPassword(terminal), prefix, flags.yes, terminal);
    return 0;
  }
  if (!isManaged(reference) || (args[0] !== undefined && flags.kms !== undefined)) {
    throw cliErrors.error('USAGE', {
      message: 'it is not said where the key is to be made',
      expected:
        'k8s://NAMESPACE/SECRET, gitlab://PROJECT or github://OWNER/REPOSITORY, or --kms with pkcs11:…, hashivault://…, awskms://…, gcpkms://…, azurekms://… or the scheme of a KMS plugin',
      remedy: 'Without any of them the key pair goes into files, named by --output-key-prefix.',
    });
  }
  // Before there is a key that nobody has the public half of.
  const file = `${prefix}.pub`;
  refuseExistingFiles([file], flags.yes, terminal);
  const { createKey, context } = await managedKeys(terminal, signal);
  const { publicKey, place } = await createKey(reference, context, () => newPassword(terminal));
  terminal.err(`Private key made in ${place}\n`);
  writeFile(file, formatPublicKey(publicKey), terminal.cwd, { mode: 0o644 });
  terminal.err(`Public key written to ${file}\n`);
  return 0;
};
