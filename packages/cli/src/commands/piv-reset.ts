import { withPivToken } from '../keys/piv-token.ts';
import { exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { pivReset } from '../specs/piv.ts';

export const run: Run<typeof pivReset.flags> = async ({ flags, terminal, signal }) => {
  const what = 'is made as new, and all its keys and certificates are gone';
  const done = await withPivToken(flags, terminal, signal, [what], async (token) => {
    await token.reset();
    terminal.err(`${token.name} is as new\n`);
    return true;
  });
  return done ? 0 : exit.operational;
};
