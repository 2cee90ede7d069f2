import { withPivToken } from '../keys/piv-token.ts';
import { exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { pivSetPin } from '../specs/piv.ts';

export const run: Run<typeof pivSetPin.flags> = async ({ flags, terminal, signal }) => {
  const what = flags['new-pin'] ? 'gets another PIN' : 'gets the PIN of every new token';
  const done = await withPivToken(flags, terminal, signal, [what], async (token, { defaultSecrets }) => {
    const { PIN: usual } = defaultSecrets;
    await token.changeSecret('PIN', flags['old-pin'] || usual, flags['new-pin'] || usual);
    terminal.err(`PIN of ${token.name} set\n`);
    return true;
  });
  return done ? 0 : exit.operational;
};
