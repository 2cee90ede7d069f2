/** Policies and inputs that nest deeply, beside `opa`: the same answers to a depth that nobody writes by hand. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEEP_RULES } from '../../packages/rego/src/test-depth-texts.ts';
import type { Context, Scenario } from '../support/context.ts';

/** How deep each kind is tried: OPA takes seconds for more of some, and for others twice as long for each level more. */
const DEPTHS: Readonly<Record<string, number>> = {
  arrays: 1_200,
  sets: 1_000,
  objects: 1_000,
  parentheses: 1_000,
  operators: 1_000,
  'operators in parentheses': 700,
  calls: 500,
  references: 700,
  comprehensions: 8,
  membership: 700,
  'template strings': 8,
  else: 2_000,
  every: 8,
  not: 700,
  'a body': 2_000,
  'a long reference': 5_000,
  rules: 1_000,
};

/** OPA's parser takes some 50,000 brackets. */
const TOO_DEEP = 60_000;

function policy(context: Context, text: string): string {
  const cwd = context.scratch();
  writeFileSync(join(cwd, 'p.rego'), `package p\n\n${text}\n`);
  return cwd;
}

interface Printed {
  readonly result?: readonly { readonly expressions: readonly { readonly value: unknown }[] }[];
  readonly errors?: readonly { readonly code: string }[];
}

/** What the query comes to. Values that nest are compared as text: to compare them, `deepEqual` recurses too far. */
async function asked(
  context: Context,
  program: 'opa' | 'pratique',
  cwd: string,
  args: readonly string[],
): Promise<string> {
  const prefix = program === 'opa' ? [] : ['policy'];
  const { stdout } = await context.run(program, [...prefix, 'eval', '--format', 'json', ...args], { cwd });
  const { result, errors } = JSON.parse(stdout) as Printed;
  return JSON.stringify(
    errors?.map(({ code }) => code) ?? result?.map(({ expressions }) => expressions[0]?.value),
  );
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    ...Object.entries(DEEP_RULES).map(([kind, text]): Scenario => {
      const depth = DEPTHS[kind] as number;
      return {
        name: `${kind}, ${depth} deep, have the value that opa eval gives them`,
        run: async () => {
          const cwd = policy(context, text(depth));
          writeFileSync(join(cwd, 'input.json'), '{"x": 1}');
          const args = ['-d', 'p.rego', '-i', 'input.json', 'data.p.r'];
          const theirs = await asked(context, 'opa', cwd, args);
          equal(await asked(context, 'pratique', cwd, args), theirs);
        },
      };
    }),
    {
      name: 'inputs and data that nest 2,000 deep, as JSON and as YAML, have the same values',
      run: async () => {
        const cwd = policy(context, 'depth := count([1 | walk(input)])\n\nsame if input == data.d');
        const json = `${'{"a": ['.repeat(1_000)}1${']}'.repeat(1_000)}`;
        writeFileSync(join(cwd, 'input.json'), json);
        writeFileSync(join(cwd, 'input.yaml'), json);
        writeFileSync(join(cwd, 'data.json'), `{"d": ${json}}`);
        for (const input of ['input.json', 'input.yaml']) {
          for (const query of ['input', 'data.p']) {
            const args = ['-d', 'p.rego', '-d', 'data.json', '-i', input, query];
            const theirs = await asked(context, 'opa', cwd, args);
            equal(await asked(context, 'pratique', cwd, args), theirs, `${input} ${query}`);
          }
        }
      },
    },
    {
      name: 'JSON text deeper than 10,000 has no value for either',
      run: async () => {
        const cwd = policy(
          context,
          'text(n) := concat("", array.concat([x | some i in numbers.range(1, n); x := ["[", ""][i - i]], [x | some i in numbers.range(1, n); x := ["]", ""][i - i]]))\n\nvalid(n) := json.is_valid(text(n))',
        );
        for (const depth of [9_999, 10_000, 10_001]) {
          const args = ['-d', 'p.rego', `data.p.valid(${depth})`];
          const theirs = await asked(context, 'opa', cwd, args);
          equal(theirs, depth > 10_000 ? '[false]' : '[true]');
          equal(await asked(context, 'pratique', cwd, args), theirs, String(depth));
        }
      },
    },
    {
      name: `brackets ${TOO_DEEP} deep are refused by both, by every command that parses`,
      run: async () => {
        const cwd = policy(context, (DEEP_RULES.arrays as (n: number) => string)(TOO_DEEP));
        for (const args of [
          ['check', 'p.rego'],
          ['eval', '-d', 'p.rego', 'data.p.r'],
          ['fmt', 'p.rego'],
          ['parse', 'p.rego'],
        ]) {
          const theirs = await context.run('opa', args, { cwd });
          const ours = await context.run('pratique', ['policy', ...args], { cwd });
          deepEqual([theirs.code === 0, ours.code === 0], [false, false], args.join(' '));
          match(theirs.stdout + theirs.stderr, /max parsing recursion depth exceeded/);
          match(ours.stdout + ours.stderr, /rego_depth_error/, args.join(' '));
        }
      },
    },
    {
      name: 'what fits is formatted as opa fmt formats it',
      run: async () => {
        for (const kind of ['operators', 'parentheses', 'references', 'else', 'not']) {
          const cwd = policy(context, (DEEP_RULES[kind] as (n: number) => string)(450));
          const theirs = await context.ok('opa', ['fmt', 'p.rego'], { cwd });
          equal(await context.ok('pratique', ['policy', 'fmt', 'p.rego'], { cwd }), theirs, kind);
        }
      },
    },
  ];
}
