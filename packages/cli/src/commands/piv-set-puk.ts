import { withPivToken } from '../keys/piv-token.ts';
import { exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { pivSetPuk } from '../specs/piv.ts';

export const run: Run<typeof pivSetPuk.flags> = async ({ flags, terminal, signal }) => {
  const what = flags['new-puk'] ? 'gets another PUK' : 'gets the PUK of every new token';
  const done = await withPivToken(flags, terminal, signal, [what], async (token, { defaultSecrets }) => {
    const { PUK: usual } = defaultSecrets;
    await token.changeSecret('PUK', flags['old-puk'] || usual, flags['new-puk'] || usual);
    terminal.err(`PUK of ${token.name} set\n`);
    return true;
  });
  return done ? 0 : exit.operational;
};
