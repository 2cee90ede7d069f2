/**
 * Our Rego engine beside OPA, a warm evaluation of the same policy on the same input: `opa bench` counts only the
 * evaluation of a prepared query, and so do we.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, fromJson } from '@pratique/rego';
import fc from 'fast-check';
import { Context } from '../test/support/context.ts';
import { policyInput, policyParameters } from '../test/support/policy-inputs.ts';
import { median, time } from './measure.ts';
import type { Row } from './row.ts';

const ROUNDS = 9;
const policies = fileURLToPath(new URL('../packages/policy/policies', import.meta.url));

/** Policies of different character; the input makes each of them work. */
function subjects(): {
  what: string;
  modules: Record<string, string>;
  query: string;
  input: unknown;
  data: object;
}[] {
  const [input, parameters] = fc.sample(fc.tuple(policyInput, policyParameters), { numRuns: 1, seed: 7 })[0]!;
  const shipped = Object.fromEntries(
    globSync('**/*.rego', { cwd: policies })
      .filter((file) => !file.endsWith('_test.rego'))
      .map((file) => [file, readFileSync(join(policies, file), 'utf8')]),
  );
  const numbers = Array.from({ length: 500 }, (_, i) => i);
  const grants = Array.from({ length: 300 }, (_, i) => ({
    role: `role${i % 30}`,
    action: `action${i}`,
    type: 'pod',
  }));
  return [
    {
      what: 'the shipped policies, one image',
      modules: shipped,
      query: 'data.pratique.image',
      input,
      data: { pratique: { parameters }, site: {} },
    },
    {
      what: 'arithmetic over 500 numbers',
      modules: {
        'sum.rego':
          'package bench\n\nr := sum([y | some n in input.numbers; n % 2 == 0; y := (n * 3) + 1])\n',
      },
      query: 'data.bench.r',
      input: { numbers },
      data: {},
    },
    {
      what: 'role lookup in 300 grants',
      modules: {
        'rbac.rego': `package bench

default allow := false

allow if {
	some role in data.roles[input.user]
	some grant in data.grants
	grant.role == role
	grant.action == input.action
	grant.type == input.type
}
`,
      },
      query: 'data.bench.allow',
      input: { user: 'alice', action: 'action299', type: 'pod' },
      data: { roles: { alice: ['role1', 'role29'] }, grants },
    },
    {
      what: 'strings of 200 image names',
      modules: {
        'names.rego': `package bench

deny contains sprintf("%s is not from %s", [name, input.registry]) if {
	some name in input.images
	not startswith(name, input.registry)
	parts := split(name, "/")
	count(parts) > 1
}
`,
      },
      query: 'data.bench.deny',
      input: {
        registry: 'ghcr.io/',
        images: Array.from(
          { length: 200 },
          (_, i) => `${i % 2 === 0 ? 'ghcr.io' : 'docker.io'}/team/app${i}:v${i}`,
        ),
      },
      data: {},
    },
  ];
}

/** Microseconds of one evaluation here. */
async function evaluate(subject: ReturnType<typeof subjects>[number]): Promise<number> {
  const rule = compile({ modules: subject.modules, data: subject.data }).rule(subject.query);
  const input = fromJson(subject.input);
  const batch = async (calls: number) =>
    (await time(() => {
      for (let i = 0; i < calls; i++) rule.evaluate(input);
    })) / calls;
  const calls = Math.max(20, Math.round(200 / (await batch(200))));
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await batch(calls));
  return median(rounds) * 1000;
}

export async function run(): Promise<Row[]> {
  const context = await Context.open();
  try {
    const rows: Row[] = [];
    for (const subject of subjects()) {
      const directory = context.scratch();
      const modules = Object.entries(subject.modules).map(([name, text]) => {
        const path = join(directory, name.replaceAll('/', '-'));
        writeFileSync(path, text);
        return path;
      });
      const [inputFile, dataFile] = [join(directory, 'input.json'), join(directory, 'data.json')];
      writeFileSync(inputFile, JSON.stringify(subject.input));
      writeFileSync(dataFile, JSON.stringify(subject.data));
      const files = [...modules, dataFile].flatMap((path) => ['-d', path]);
      const output = await context.ok('opa', [
        'bench',
        '--format',
        'json',
        '-i',
        inputFile,
        ...files,
        subject.query,
      ]);
      // The timer around the evaluation alone, which is less than the `ns/op` OPA prints.
      const { Extra } = JSON.parse(output) as { Extra: Record<string, number> };
      const peer = Extra.histogram_timer_rego_query_eval_ns_median! / 1000;
      const ours = await evaluate(subject);
      rows.push({ what: subject.what, ours, peer, unit: 'µs', ratio: peer / ours, peerName: 'opa bench' });
    }
    return rows;
  } finally {
    await context.close();
  }
}
