/**
 * Our Rego engine beside OPA: a warm evaluation of the same policy on the same input (`opa bench` counts only the
 * evaluation of a prepared query, and so do we), what it costs to prepare a long policy, and what one keeps in memory.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { compile } from '@pratique/rego';
import { Context } from '../test/support/context.ts';
import { median, time } from './measure.ts';
import { cases, longPolicy, type RegoCase } from './rego/cases.ts';
import type { Row } from './row.ts';

const ROUNDS = 9;
/** Compilations after which the JIT has settled: times no longer fall. */
const WARM_UP = 40;
const evaluate = fileURLToPath(new URL('rego/evaluate.ts', import.meta.url));
const evaluateWasm = fileURLToPath(new URL('rego/evaluate-wasm.ts', import.meta.url));
const prepareOnce = fileURLToPath(new URL('rego/prepare-once.ts', import.meta.url));

export async function run(): Promise<Row[]> {
  const context = await Context.open();
  try {
    const rows: Row[] = [];
    for (const subject of cases) rows.push(await evaluation(context, subject));
    const ratios = rows.map(({ ratio }) => ratio);
    rows.push({
      what: 'geometric mean of the above',
      ours: 1,
      peer: geometricMean(ratios),
      unit: '×',
      ratio: geometricMean(ratios),
      goal: 10,
      peerName: 'opa bench',
    });
    const beside: Row[] = [];
    for (const subject of cases) beside.push(...(await besideWasm(context, subject)));
    rows.push(...beside, {
      what: `geometric mean of those ${beside.length} of ${cases.length} cases`,
      ours: 1,
      peer: geometricMean(beside.map(({ ratio }) => ratio)),
      unit: '×',
      ratio: geometricMean(beside.map(({ ratio }) => ratio)),
      peerName: 'opa-wasm',
    });
    rows.push(...(await preparation(context)));
    memory();
    return rows;
  } finally {
    await context.close();
  }
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** One case in both engines, which must agree on the answer. */
async function evaluation(context: Context, subject: RegoCase): Promise<Row> {
  const files = writeCase(context, subject);
  const { Extra } = JSON.parse(
    await context.ok('opa', ['bench', '--format', 'json', ...files, subject.query]),
  ) as {
    Extra: Record<string, number>;
  };
  const index = String(cases.indexOf(subject));
  const measured = JSON.parse(
    execFileSync(process.execPath, [evaluate, index], { encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 }),
  ) as {
    microseconds: number;
    answer: unknown;
  };
  const answer = JSON.parse(
    await context.ok('opa', ['eval', '--format', 'json', ...files, subject.query]),
  ) as {
    result: { expressions: { value: unknown }[] }[];
  };
  if (!isDeepStrictEqual(measured.answer, answer.result[0]!.expressions[0]!.value)) {
    throw new Error(`${subject.what}: OPA's answer is another one`);
  }
  // The timer around the evaluation alone, which is less than the `ns/op` OPA prints.
  const peer = Extra.histogram_timer_rego_query_eval_ns_median! / 1000;
  const ours = measured.microseconds;
  return { what: subject.what, ours, peer, unit: 'µs', ratio: peer / ours, goal: 1, peerName: 'opa bench' };
}

/**
 * The same case compiled to wasm by OPA; none where that needs a built-in function opa-wasm has not: of our cases the
 * SBOM, whose versions are compared with `semver.compare`.
 */
async function besideWasm(context: Context, subject: RegoCase): Promise<Row[]> {
  const files = writeCase(context, subject).slice(2);
  const bundle = join(context.scratch(), 'bundle.tar.gz');
  const entrypoint = subject.query.split('.').slice(1).join('/');
  const policies = files.filter((file) => file.endsWith('.rego'));
  await context.ok('opa', ['build', '-t', 'wasm', '-e', entrypoint, '-o', bundle, ...policies]);
  await context.ok(['tar'], ['-xzf', bundle, '-C', join(bundle, '..'), '/policy.wasm']);
  const index = String(cases.indexOf(subject));
  const measure = (args: readonly string[]) =>
    JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 })) as {
      microseconds: number;
      answer: unknown;
      problem?: string;
    };
  const wasm = measure([evaluateWasm, index, join(bundle, '..', 'policy.wasm')]);
  if (wasm.problem !== undefined) {
    process.stdout.write(`  ${subject.what}: not beside opa-wasm, which has no answer: ${wasm.problem}\n`);
    return [];
  }
  const own = measure([evaluate, index, 'read']);
  // Wasm writes the members of a set in an order of its own.
  if (!isDeepStrictEqual(unordered(own.answer), unordered(wasm.answer)))
    throw new Error(`${subject.what}: opa-wasm's answer is another one`);
  const [ours, peer] = [own.microseconds, wasm.microseconds];
  const what = `${subject.what}, input read`;
  return [{ what, ours, peer, unit: 'µs', ratio: peer / ours, goal: 1, peerName: 'opa-wasm' }];
}

function unordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => JSON.stringify(unordered(one))).sort();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, unordered(member)]),
  );
}

function writeCase(context: Context, { modules, input, data }: RegoCase): string[] {
  const directory = context.scratch();
  const write = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const files = [...Object.entries(modules), ['data.json', JSON.stringify(data)] as const].flatMap(
    ([name, text]) => ['-d', write(name, text)],
  );
  return ['-i', write('input.json', JSON.stringify(input)), ...files];
}

/**
 * Parsing and compiling 1,000 lines, up to a rule that can be evaluated (its steps are made when it first is, as OPA's
 * evaluator has none); OPA's own timers, one process each, since it does this once a process. Ours is measured both as
 * a server does it, which compiles again and again, and as the first thing of a process, when the JIT has seen nothing.
 */
async function preparation(context: Context): Promise<Row[]> {
  const text = longPolicy(1_000);
  const directory = context.scratch();
  const file = join(directory, 'long.rego');
  writeFileSync(file, text);
  const peers: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const output = await context.ok('opa', [
      'eval',
      '--format',
      'json',
      '--metrics',
      '-d',
      file,
      'data.bench.deny',
    ]);
    const { metrics } = JSON.parse(output) as { metrics: Record<string, number> };
    peers.push((metrics.timer_rego_load_files_ns! + metrics.timer_rego_module_compile_ns!) / 1e6);
  }
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    rounds.push(
      await time(() => compile({ modules: { 'long.rego': text }, data: {} }).rule('data.bench.deny')),
    );
  }
  const first = Array.from({ length: ROUNDS }, () =>
    Number(execFileSync(process.execPath, [prepareOnce, file], { encoding: 'utf8' })),
  );
  const row = (what: string, ours: number): Row => {
    const peer = median(peers);
    return { what, ours, peer, unit: 'ms', ratio: peer / ours, goal: 1, peerName: 'opa eval --metrics' };
  };
  return [
    row('parse and compile 1,000 lines', median(rounds.slice(WARM_UP))),
    row('parse and compile 1,000 lines, first of a process', median(first)),
  ];
}

/** Bytes a prepared policy keeps, printed beside the table: there is no peer's number to set against it. */
function memory(): void {
  if (globalThis.gc === undefined) return;
  const text = longPolicy(1_000);
  const kept: unknown[] = [];
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 10; i++)
    kept.push(compile({ modules: { 'long.rego': text }, data: {} }).rule('data.bench.deny'));
  globalThis.gc();
  const bytes = (process.memoryUsage().heapUsed - before) / kept.length;
  process.stdout.write(`  memory of one prepared policy of 1,000 lines: ${(bytes / 1024).toFixed(0)} KiB\n`);
}
