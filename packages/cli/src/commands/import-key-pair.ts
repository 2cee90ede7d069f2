import { loadSigningKey } from '../keys/key-reference.ts';
import { newPassword } from '../keys/password.ts';
import { writePair } from '../keys/write-pair.ts';
import type { Run } from '../program/spec.ts';
import type { importKeyPair } from '../specs/signing.ts';

export const run: Run<typeof importKeyPair.flags> = async ({ flags, terminal }) => {
  const key = await loadSigningKey(flags.key, terminal, 'import-key-pair');
  writePair(key, await newPassword(terminal), flags['output-key-prefix'], flags.yes, terminal);
  return 0;
};
