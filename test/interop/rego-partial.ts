/** Partial evaluation beside that of `opa eval --partial`: the same text of what is left. */
import { deepEqual, equal } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../packages/rego/src/index.ts';
import type { Context, Scenario } from '../support/context.ts';
import { CASES, DATA, POLICIES } from '../support/rego-partial.ts';

function written(context: Context): string {
  const cwd = context.scratch();
  mkdirSync(cwd, { recursive: true });
  for (const [file, text] of Object.entries(POLICIES)) writeFileSync(join(cwd, file), text);
  writeFileSync(join(cwd, 'data.json'), JSON.stringify(DATA));
  return cwd;
}

/** The values of a flag that may be repeated. */
function valuesOf(flags: readonly string[], name: string): string[] {
  return flags.flatMap((flag, index) => (flag === name ? [flags[index + 1] as string] : []));
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    {
      name: 'what is left of queries, as Rego',
      run: async () => {
        const cwd = written(context);
        const policy = compile({ modules: POLICIES, data: DATA });
        for (const { query, flags = [] } of CASES) {
          const args = ['eval', '--data', '.', '--partial', '--format', 'source', ...flags, query];
          const { stdout } = await context.run('opa', args, { cwd });
          const unknowns = valuesOf(flags, '--unknowns');
          const { queries, modules } = policy.partial(query, {
            ...(unknowns.length === 0 ? {} : { unknowns }),
            disableInlining: valuesOf(flags, '--disable-inlining'),
            shallow: flags.includes('--shallow-inlining'),
          });
          const shown = queries.map((text, i) => `# Query ${i + 1}\n${text === '' ? '' : `${text}\n`}\n`);
          const ours = [...shown, ...modules.map((text, i) => `# Module ${i + 1}\n${text}`)].join('');
          // OPA prints modules in no order.
          deepEqual(sections(ours), sections(stdout), `${query} ${flags.join(' ')}`);
        }
      },
    },
    {
      name: 'the command prints what opa eval --partial prints',
      run: async () => {
        const cwd = written(context);
        for (const format of ['source', 'pretty', 'json']) {
          const args = ['eval', '--data', '.', '--partial', '--format', format, 'data.example.allow == true'];
          const theirs = await context.ok('opa', args, { cwd });
          const ours = await context.ok('pratique', ['policy', ...args], { cwd });
          if (format !== 'json') equal(ours, theirs);
          else deepEqual(JSON.parse(ours), JSON.parse(theirs));
        }
      },
    },
  ];
}

function sections(text: string): string[] {
  return text
    .split(/^(?=# )/m)
    .map((section) => section.replace(/^# Module \d+/, '# Module'))
    .sort();
}
