import { cliErrors } from '../errors.ts';
import { parseManagementKey } from '../keys/management-key.ts';
import { withPivToken } from '../keys/piv-token.ts';
import { exit } from '../program/exit.ts';
import type { Run } from '../program/spec.ts';
import type { pivSetManagementKey } from '../specs/piv.ts';

export const run: Run<typeof pivSetManagementKey.flags> = async ({ flags, terminal, signal }) => {
  const isRandom = flags['random-management-key'];
  const [current, next] = [parseManagementKey(flags['old-key']), parseManagementKey(flags['new-key'])];
  if (isRandom && next !== undefined) {
    throw cliErrors.error('USAGE', {
      message: 'a management key is given, or made at random',
      expected: '--new-key or --random-management-key',
      found: 'both',
    });
  }
  const what = isRandom
    ? 'gets a random management key, which nobody will know; only a reset lets keys be made in it again'
    : `gets ${next === undefined ? 'the management key of every new token' : 'another management key'}`;
  const done = await withPivToken(flags, terminal, signal, [what], async (token, keys) => {
    const chosen = isRandom ? keys.randomManagementKey() : (next ?? keys.defaultManagementKey);
    await token.setManagementKey(current ?? keys.defaultManagementKey, chosen);
    terminal.err(`Management key of ${token.name} set\n`);
    return true;
  });
  return done ? 0 : exit.operational;
};
