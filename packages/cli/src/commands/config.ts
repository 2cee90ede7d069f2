import { cliErrors } from '../errors.ts';
import { settings } from '../program/config.ts';
import type { Run } from '../program/spec.ts';
import { table } from '../program/style.ts';
import { commands } from '../specs/index.ts';
import type { config } from '../specs/tools.ts';

/** Flags whose values are secrets: PINs and the keys that let keys be made in tokens, too. */
const secret = /password|token|(?:^|-)(?:pin|puk)$|^(?:old|new|management)-key$/i;

export const run: Run<typeof config.flags> = async ({ args, flags, terminal }) => {
  const name = args.join(' ');
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) {
    throw cliErrors.error('USAGE', {
      message: `no command is named '${name.slice(0, 80)}'`,
      remedy: 'pratique --help',
    });
  }
  const all = Object.entries(await settings(command, {}, terminal, commands)).map(
    ([flag, { value, origin }]) =>
      [flag, { value: secret.test(flag) && value !== undefined ? '(hidden)' : value, origin }] as const,
  );
  if (flags.output === 'json') terminal.out(`${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
  else
    terminal.out(
      `${table(all.map(([flag, { value, origin }]) => [flag, JSON.stringify(value) ?? '-', origin]))}\n`,
    );
  return 0;
};
