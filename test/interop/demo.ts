/** The demo where apt repositories can be reached: a Debian put together, hardened and built on. */
import { deepEqual, match } from 'node:assert/strict';
import type { Context, Scenario } from '../support/context.ts';
import { pratique } from '../support/pratique.ts';
import { run } from '../support/process.ts';

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    {
      name: 'the base-image flow begins with a Debian from this machine’s apt repositories',
      run: async () => {
        const [command, ...prefix] = pratique;
        const { code, stdout, stderr } = await run(command, [...prefix, 'demo', '-o', 'json'], {
          cwd: context.scratch(),
        });
        match(stderr, /^• a Debian put together from apt repositories$/m);
        match(stderr, /^• hardened to a base image, from \d{2} packages and \d+ MB to \d+ and \d+ MB/m);
        const rows = JSON.parse(stdout) as { expected: string; allowed: boolean }[];
        deepEqual(
          rows.map(({ allowed }) => (allowed ? 'allowed' : 'denied')),
          rows.map(({ expected }) => expected),
        );
        deepEqual([code, rows.length], [0, 21]);
      },
    },
  ];
}
