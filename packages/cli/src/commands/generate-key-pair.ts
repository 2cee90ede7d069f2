import { generateSigningKey } from '@pratique/crypto';
import { newPassword } from '../keys/password.ts';
import { writePair } from '../keys/write-pair.ts';
import type { Run } from '../program/spec.ts';
import type { generateKeyPair } from '../specs/signing.ts';

export const run: Run<typeof generateKeyPair.flags> = async ({ flags, terminal }) => {
  writePair(
    generateSigningKey(),
    await newPassword(terminal),
    flags['output-key-prefix'],
    flags.yes,
    terminal,
  );
  return 0;
};
