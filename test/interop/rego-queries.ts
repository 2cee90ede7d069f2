/** Our Rego engine beside OPA: the policies that come with Pratique, and generated queries. Every answer must be equal. */
import { deepEqual, equal } from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, parseJsonText, RegoError, toJsonText } from '@pratique/rego';
import fc from 'fast-check';
import type { Context, Scenario } from '../support/context.ts';
import { type Answer, canonical, type Opa, startOpa } from '../support/opa.ts';
import { policyInput, policyParameters } from '../support/policy-inputs.ts';
import { knownDifferences } from '../support/rego-differences.ts';
import { queries, queryInput } from '../support/rego-queries.ts';

/** Fixed, so that a run repeats; another one by `PRATIQUE_SEED=N`. */
const SEED = Number(process.env.PRATIQUE_SEED ?? 20);
const QUERIES_PER_FAMILY = 300;
const POLICY_RUNS = 40;
/** How many differences a failure prints. */
const SHOWN = 5;
const policies = fileURLToPath(new URL('../../packages/policy/policies', import.meta.url));

/** What the query comes to here: the values of `x` as canonical JSON text, or the codes of the errors. */
function ours(query: string, input: unknown): Answer {
  try {
    const policy = compile({
      modules: { 'query.rego': `package query\n\nresult contains x if {\n${query}\n}\n` },
    });
    const value = policy.rule('data.query.result').value(input);
    const text = value === undefined ? '[]' : toJsonText(value);
    return { values: (JSON.parse(text) as unknown[]).length === 0 ? [] : members(canonical(text)) };
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    return { errors: error.problems.map(({ code }) => code) };
  }
}

/** The members of a JSON array, as texts. */
function members(text: string): string[] {
  const value = parseJsonText(text);
  if (typeof value !== 'object' || value === null || !('items' in value))
    throw new Error(`not an array: ${text}`);
  return value.items.map((item) => canonical(toJsonText(item)));
}

/** The form in which two answers are compared: as sets, since a query may give one value in several ways. */
function comparable(answer: Answer): string {
  const parts = 'errors' in answer ? answer.errors.map((code) => `error ${code}`) : answer.values;
  return [...new Set(parts)].sort().join('\n');
}

function generated(family: string, opa: () => Promise<Opa>): Scenario {
  return {
    name: `${QUERIES_PER_FAMILY} generated queries (${family}) have the same results, no result, or the same error`,
    run: async () => {
      const server = await opa();
      const differences: string[] = [];
      let withResult = 0;
      for (const query of fc.sample(queries[family]!, { numRuns: QUERIES_PER_FAMILY, seed: SEED })) {
        const theirs = await server.query(query, queryInput);
        if ('values' in theirs && theirs.values.length > 0) withResult++;
        let found: string;
        try {
          found = comparable(ours(query, queryInput));
        } catch (error) {
          found = `crashed: ${(error as Error).message}`;
        }
        const wanted = comparable(theirs);
        if (found !== wanted) differences.push(`${query}\n  opa:  ${clip(wanted)}\n  ours: ${clip(found)}`);
      }
      const shown = differences.sort((a, b) => a.length - b.length).slice(0, SHOWN);
      equal(
        differences.length,
        0,
        `${differences.length} differ, the shortest of them:\n${shown.join('\n')}`,
      );
      // Queries that all have no result would agree about nothing.
      equal(withResult > QUERIES_PER_FAMILY / 4, true, `only ${withResult} queries had a result`);
    },
  };
}

function clip(text: string): string {
  return text === '' ? '(no result)' : text.replaceAll('\n', ' | ').slice(0, 400);
}

/** `data.pratique` for one random input under one random set of parameters, by `opa eval` and by us. */
async function comparePolicies(context: Context): Promise<void> {
  const modules = Object.fromEntries(
    globSync('**/*.rego', { cwd: policies })
      .filter((file) => !file.endsWith('_test.rego'))
      .map((file) => [file, readFileSync(join(policies, file), 'utf8')]),
  );
  const directory = context.scratch();
  const [inputFile, dataFile] = [join(directory, 'input.json'), join(directory, 'data.json')];
  const cases = fc.sample(fc.tuple(policyInput, policyParameters), { numRuns: POLICY_RUNS, seed: SEED });
  let denials = 0;
  for (const [input, parameters] of cases) {
    const data = { pratique: { parameters }, site: {} };
    writeFileSync(inputFile, JSON.stringify(input));
    writeFileSync(dataFile, JSON.stringify(data));
    for (const query of ['data.pratique.image', 'data.pratique.request']) {
      const args = [
        'eval',
        '--format',
        'json',
        '-i',
        inputFile,
        '-d',
        dataFile,
        '-d',
        policies,
        '--ignore',
        '*_test.rego',
      ];
      const result = await context.run('opa', [...args, '--strict-builtin-errors', query]);
      const output = JSON.parse(result.stdout) as {
        errors?: { code: string }[];
        result?: { expressions: { value: unknown }[] }[];
      };
      const theirs =
        output.errors?.map(({ code }) => code) ??
        canonical(JSON.stringify(output.result?.[0]?.expressions[0]?.value ?? null));
      let found: unknown;
      try {
        const rule = compile({ modules, data }).rule(query);
        const value = rule.value(input, { strictBuiltinErrors: true });
        found = value === undefined ? 'null' : canonical(toJsonText(value));
      } catch (error) {
        if (!(error instanceof RegoError)) throw error;
        found = error.problems.map(({ code }) => code);
      }
      deepEqual(found, theirs, `${query} of ${JSON.stringify({ input, data })}`);
      if (typeof theirs === 'string' && theirs.includes('"code":')) denials++;
    }
  }
  equal(denials > POLICY_RUNS / 2, true, `only ${denials} of the inputs were refused by any policy`);
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  let started: Promise<Opa> | undefined;
  const opa = () => (started ??= startOpa(context.tools.opa, context.scratch()));
  return [
    {
      name: `the shipped policies on ${POLICY_RUNS} generated inputs and parameters, by opa eval`,
      run: () => comparePolicies(context),
    },
    ...Object.keys(queries).map((family) => generated(family, opa)),
    ...knownDifferences.map(({ query, opa: theirs, ours: mine, why }) => ({
      name: `known difference: ${query} (${why})`,
      run: async () => {
        equal(
          comparable(await (await opa()).query(query, queryInput)),
          comparable({ values: theirs }),
          'OPA’s answer',
        );
        equal(
          comparable(ours(query, queryInput)),
          comparable({ values: mine }),
          'our answer; if it is OPA’s now, remove it',
        );
      },
    })),
    { name: 'OPA stops when told to', run: async () => (await opa()).stop() },
  ];
}
