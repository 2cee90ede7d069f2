/** Our Rego parser and formatter beside OPA's: the policies that come with Pratique, and generated modules. */
import { deepEqual, equal } from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { ParseError } from '../../packages/rego/src/ast/errors.ts';
import { moduleJson } from '../../packages/rego/src/ast/json.ts';
import { parseModule } from '../../packages/rego/src/ast/parse.ts';
import { format } from '../../packages/rego/src/format/format.ts';
import { type Breaks, modules } from '../../packages/rego/src/format/testing/modules.ts';
import type { Context, Scenario } from '../support/context.ts';

/** Fixed, so that a run repeats; another one by `PRATIQUE_SEED=N`. */
const SEED = Number(process.env.PRATIQUE_SEED ?? 20);
const MODULES = 40;
const policies = fileURLToPath(new URL('../../packages/policy/policies', import.meta.url));

interface Complaint {
  readonly message: string;
  readonly location: { readonly row: number; readonly col: number };
}

/** Parses and formats one module on both sides. */
async function compareModule(context: Context, text: string): Promise<void> {
  const file = join(context.scratch(), 'module.rego');
  writeFileSync(file, text);
  const parsed = await context.run('opa', ['parse', '--format', 'json', '--json-include', 'locations', file]);
  if (parsed.code !== 0) {
    const { errors } = JSON.parse(parsed.stderr) as { errors: Complaint[] };
    let found: readonly Complaint[] = [];
    try {
      parseModule(text, { file });
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      found = error.errors;
    }
    const told = (list: readonly Complaint[]): string[] =>
      list.map(({ message, location: { row, col } }) => `${row}:${col} ${message}`);
    deepEqual(told(found), told(errors.slice(0, 10)), `errors of\n${text}`);
    return;
  }
  const tree = JSON.parse(moduleJson(parseModule(text, { file }), { locations: true })) as unknown;
  deepEqual(tree, JSON.parse(parsed.stdout), `syntax tree of\n${text}`);
  const formatted = await context.run('opa', ['fmt', '--check-result=false', file]);
  equal(format(text, { file, checkResult: false }), formatted.stdout, `formatted text of\n${text}`);
}

function generated(context: Context, breaks: Breaks): Scenario {
  return {
    name: `${MODULES} generated modules (line breaks in ${breaks}): syntax tree, places and opa fmt`,
    run: async () => {
      for (const text of fc.sample(modules(breaks), { numRuns: MODULES, seed: SEED }))
        await compareModule(context, text);
    },
  };
}

/** Generated modules with something taken out: mostly errors, whose texts and places have to be OPA's. */
function broken(context: Context): Scenario {
  return {
    name: `${MODULES} generated modules with a hole in them: the same errors in the same places`,
    run: async () => {
      const texts = modules('comments').chain((text) =>
        fc.integer({ min: 0, max: text.length - 1 }).map((at) => text.slice(0, at) + text.slice(at + 2)),
      );
      for (const text of fc.sample(texts, { numRuns: MODULES, seed: SEED })) {
        if (text.isWellFormed()) await compareModule(context, text);
      }
    },
  };
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    {
      name: 'the shipped policies: syntax tree, places and opa fmt',
      run: async () => {
        const files = globSync('**/*.rego', { cwd: policies });
        equal(files.length > 0, true, 'no policies found');
        for (const file of files) await compareModule(context, readFileSync(join(policies, file), 'utf8'));
      },
    },
    ...(['terms', 'comments', 'both'] as const).map((breaks) => generated(context, breaks)),
    broken(context),
  ];
}
