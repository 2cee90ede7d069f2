import { withPivToken } from '../keys/piv-token.ts';
import { exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { pivUnblock } from '../specs/piv.ts';

export const run: Run<typeof pivUnblock.flags> = async ({ flags, terminal, signal }) => {
  const what = flags['new-PIN'] ? 'gets another PIN' : 'gets the PIN of every new token';
  const done = await withPivToken(flags, terminal, signal, [what], async (token, { defaultSecrets }) => {
    await token.unblock(flags.puk || defaultSecrets.PUK, flags['new-PIN'] || defaultSecrets.PIN);
    terminal.err(`PIN of ${token.name} set\n`);
    return true;
  });
  return done ? 0 : exit.operational;
};
