import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatPublicKey } from '@pratique/crypto';
import { loadSigningKey } from '../keys/key-reference.ts';
import type { Run } from '../program/spec.ts';
import type { publicKey } from '../specs/signing.ts';

export const run: Run<typeof publicKey.flags> = async ({ flags, terminal }) => {
  const pem = formatPublicKey((await loadSigningKey(flags.key, terminal, 'public-key')).publicKey);
  if (flags.outfile) writeFileSync(resolve(terminal.cwd, flags.outfile), pem);
  else terminal.out(pem);
  return 0;
};
