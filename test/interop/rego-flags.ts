/** The flags of `pratique policy …` beside those of `opa …`: what is missing is in `docs/rego-conformance.md`, and is refused. */
import { deepEqual, equal } from 'node:assert/strict';
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

/** Flags in a help text, as they can be given: those that take a value with one. */
function flagsOf(help: string): { readonly name: string; readonly given: string }[] {
  const lines = help.matchAll(
    /^\s+(?:-\w, )?(--[a-z][\w-]*)(?: (?:\{(\w+)|(string|strings|stringArray|int)\b))?/gm,
  );
  return [...lines].map(([, name = '', choice, kind]) => ({
    name,
    given: choice === undefined && kind === undefined ? name : `${name}=${choice ?? 1}`,
  }));
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [...documented()].map(([command, missing]) => ({
    name: `${command} has all flags of opa ${command} but those that the page names, and refuses these`,
    run: async () => {
      const theirs = flagsOf((await context.ok('opa', [command, '--help'])).split(/^Flags:$/m)[1] ?? '');
      const help = await context.run('pratique', ['policy', command, '--help']);
      const shown = new Set(flagsOf(help.stdout + help.stderr).map(({ name }) => name));
      const refused: string[] = [];
      for (const { name, given } of theirs.filter(({ name }) => !shown.has(name))) {
        const { code, stderr } = await context.run('pratique', ['policy', command, given]);
        if (!/unknown option|is not done here/.test(stderr)) continue;
        equal(code, 3, given);
        refused.push(name);
      }
      deepEqual(refused.sort(), missing);
    },
  }));
}
