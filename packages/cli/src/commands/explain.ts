import { allErrors } from '../catalog.ts';
import { cliErrors } from '../errors.ts';
import type { Run } from '../program/spec.ts';
import { style, table } from '../program/style.ts';
import type { explain } from '../specs/tools.ts';

export const run: Run<typeof explain.flags> = async ({ args, flags, terminal }) => {
  const all = await allErrors();
  const code = args[0]?.toUpperCase();
  if (code === undefined) {
    if (flags.output === 'json') terminal.out(`${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
    else terminal.out(`${table([...all].map(([name, { kind, title }]) => [name, kind, title]))}\n`);
    return 0;
  }
  const entry = all.get(code);
  if (!entry) {
    const near = [...all.keys()].filter((name) =>
      code.split('_').some((word) => word.length > 3 && name.includes(word)),
    );
    throw cliErrors.error('USAGE', {
      message: `no code is named ${code.slice(0, 80)}`,
      expected: near.length > 0 ? near.join(', ') : 'a code as errors and denials print it',
      remedy: 'pratique explain, for the list',
    });
  }
  const c = style(terminal.colour.out);
  if (flags.output === 'json') terminal.out(`${JSON.stringify({ code, ...entry })}\n`);
  else
    terminal.out(
      `${c.bold(code)} (${entry.kind}, ${entry.area})\n${entry.title}\n\nWhat to do\n  ${entry.remedy}\n`,
    );
  return 0;
};
