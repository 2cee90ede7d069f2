import { formatPublicKey, type PublicKey } from '@pratique/crypto';
import { loadSigningKey, requireKey } from '../keys/key-reference.ts';
import { isManaged, managedKeys, namedKey } from '../keys/managed-key.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { writeFile } from '../program/write-file.ts';
import type { publicKey } from '../specs/signing.ts';

export const run: Run<typeof publicKey.flags> = async ({ flags, terminal, signal }) => {
  const pem = formatPublicKey(await publicHalf(requireKey(namedKey(flags), 'public-key'), terminal, signal));
  if (flags.outfile) writeFile(flags.outfile, pem, terminal.cwd);
  else terminal.out(pem);
  return 0;
};

async function publicHalf(reference: string, terminal: Terminal, signal: AbortSignal): Promise<PublicKey> {
  if (!isManaged(reference)) return (await loadSigningKey(reference, terminal, 'public-key')).publicKey;
  const { openPublicKey, context } = await managedKeys(terminal, signal);
  return await openPublicKey(reference, context);
}
