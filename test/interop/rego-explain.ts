/** Explanations beside those of `opa eval --explain`, line by line. */
import { equal } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Scenario } from '../support/context.ts';
import { EXPLAINED } from '../support/rego-explained.ts';

const MODES = ['full', 'notes', 'fails'];

export async function scenarios(context: Context): Promise<Scenario[]> {
  return EXPLAINED.map(({ name, policy, data, input, queries }) => ({
    name,
    run: async () => {
      const cwd = context.scratch();
      mkdirSync(cwd, { recursive: true });
      writeFileSync(join(cwd, 'p.rego'), policy);
      writeFileSync(join(cwd, 'data.json'), JSON.stringify(data ?? {}));
      writeFileSync(join(cwd, 'input.json'), JSON.stringify(input ?? {}));
      const files = [
        '--data',
        'p.rego',
        '--data',
        'data.json',
        '--input',
        'input.json',
        '--format',
        'pretty',
      ];
      for (const query of queries) {
        for (const mode of MODES) {
          // Where several wildcards have values, OPA prints those in no order.
          const values = query === 'data.p' ? ['--var-values'] : [];
          const args = ['eval', ...files, '--explain', mode, ...values, query];
          const theirs = await context.run('opa', args, { cwd });
          const ours = await context.run('pratique', ['policy', ...args], { cwd });
          equal(ours.stdout, theirs.stdout, `${query}, --explain ${mode}`);
        }
      }
    },
  }));
}
