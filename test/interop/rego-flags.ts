/** The flags of `pratique policy …` beside those of `opa …`: what is missing is in `docs/rego-conformance.md`, and is refused. */
import { deepEqual, match } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Context, Scenario } from '../support/context.ts';

const page = fileURLToPath(new URL('../../docs/rego-conformance.md', import.meta.url));

/** Flags that the page says are not here, by command. */
function documented(): Map<string, string[]> {
  const text = readFileSync(page, 'utf8');
  const [, section = ''] = text.split('## Flags of `opa` that are not here');
  const rows = (section.split('\n## ')[0] as string).matchAll(/^\| `(\w+)` \|(.*)\|$/gm);
  return new Map(
    [...rows].map(([, command, cell]) => [
      command as string,
      [...(cell as string).matchAll(/`(--[\w-]+)`/g)].map(([, flag]) => flag as string).sort(),
    ]),
  );
}

/** Long names of flags in a help text. */
function flagsOf(help: string): string[] {
  return [...help.matchAll(/^\s+(?:-\w, )?(--[a-z][\w-]*)/gm)].map(([, flag]) => flag as string).sort();
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [...documented()].map(([command, missing]) => ({
    name: `${command} has all flags of opa ${command} but those that the page names, and refuses these`,
    run: async () => {
      const theirs = flagsOf((await context.ok('opa', [command, '--help'])).split(/^Flags:$/m)[1] ?? '');
      const help = await context.run('pratique', ['policy', command, '--help']);
      const ours = new Set(flagsOf(help.stdout + help.stderr));
      // Kept for scripts, and not shown: what is the default anyway.
      if (command === 'capabilities') ours.add('--current');
      deepEqual(
        theirs.filter((flag) => !ours.has(flag)),
        missing,
      );
      for (const flag of missing) {
        const { stderr } = await context.exits(3, 'pratique', ['policy', command, flag]);
        match(stderr, /unknown option/);
      }
    },
  }));
}
