/**
 * OPA's own test cases (`v1/test/cases/testdata` of OPA, versions 0 and 1 of the language). Directly, for some
 * directories only: `node test/conformance/rego.ts [v0|v1] [DIRECTORY…]`.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import {
  type Builtin,
  compare,
  compile,
  fromJson,
  parseJsonText,
  RegoArray,
  RegoError,
  RegoObject,
  type RegoProblem,
  RegoSet,
  T,
  type Tracer,
  toJsonText,
  toTerm,
  type Value,
} from '../../packages/rego/src/index.ts';
import type { SuiteResult } from './expectations.ts';

type Version = 'v0' | 'v1';

interface Case {
  readonly id: string;
  readonly note: string;
  readonly query: string;
  readonly modules: readonly string[];
  readonly data: Value | undefined;
  readonly input: Value | undefined;
  readonly inputTerm: string | undefined;
  readonly wantResult: Value | undefined;
  readonly wantError: string | undefined;
  readonly wantErrorCode: string | undefined;
  readonly sortBindings: boolean;
  readonly ignoreGenerated: boolean;
  readonly strictError: boolean;
  readonly experimental: boolean;
  readonly env: Readonly<Record<string, string>>;
}

export async function run(corpora: string): Promise<SuiteResult[]> {
  return [
    runSuite(corpora, 'v0', []),
    runSuite(corpora, 'v1', []),
    runSuite(corpora, 'v0', [], true),
    runSuite(corpora, 'v1', [], true),
    runCompileCases(corpora),
  ];
}

/** With `traced`, by the interpreter that explains. */
function runSuite(
  corpora: string,
  version: Version,
  directories: readonly string[],
  traced = false,
): SuiteResult {
  const root = join(corpora, 'opa', 'cases', version);
  if (!existsSync(root)) throw new Error(`OPA's cases are not at ${root}`);
  const files = globSync('**/*.yaml', { cwd: root }).sort();
  if (files.length < 1000) throw new Error(`only ${files.length} files of OPA's cases are at ${root}`);
  const failures: string[] = [];
  let passed = 0;
  for (const file of files) {
    if (directories.length > 0 && !directories.includes(basename(dirname(file)))) continue;
    for (const test of readCases(join(root, file), basename(file, '.yaml'))) {
      const problem = check(test, version, traced);
      if (problem === undefined) passed++;
      else failures.push(`${test.id}: ${problem}`);
    }
  }
  return { suite: `opa-${version}${traced ? '-traced' : ''}`, passed, failed: failures.length, failures };
}

/** Policies that must not compile, and every problem that must be reported. */
function runCompileCases(corpora: string): SuiteResult {
  const root = join(corpora, 'opa', 'compilecases', 'testdata');
  const files = existsSync(root) ? globSync('**/*.yaml', { cwd: root }).sort() : [];
  if (files.length === 0) throw new Error(`OPA's compile cases are not at ${root}`);
  const failures: string[] = [];
  let passed = 0;
  for (const file of files) {
    const { contents } = parseDocument(readFileSync(join(root, file), 'utf8'));
    const version = file.startsWith('v0') ? 'v0' : 'v1';
    for (const item of ((fromYaml(contents) as RegoObject).get('cases') as RegoArray).items) {
      const test = item as RegoObject;
      const problem = checkCompileCase(test, version);
      if (problem === undefined) passed++;
      else failures.push(`${file} ${test.get('note') as string}: ${problem}`);
    }
  }
  return { suite: 'opa-compile', passed, failed: failures.length, failures };
}

function checkCompileCase(test: RegoObject, version: Version): string | undefined {
  let problems: readonly RegoProblem[] = [];
  try {
    compile({
      modules: modulesOf((test.get('modules') as RegoArray).items as string[]),
      regoVersion: version,
      strict: test.get('strict') === true,
      ...(test.get('print_statements') === true ? { print: () => undefined } : {}),
    });
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    problems = error.problems;
  }
  const got = problems.map(
    ({ code, message, location }) => `${location?.file} ${code} ${location?.row}:${location?.col} ${message}`,
  );
  const want = (test.get('want_errors') as RegoArray).items.map((item) => {
    const error = item as RegoObject;
    const file = error.get('module') ?? 'test-0.rego';
    return `${file as string} ${error.get('code') as string} ${error.get('row') as number}:${error.get('col') as number} ${error.get('message') as string}`;
  });
  const missing = want.filter((line) => !got.includes(line));
  const extra = test.get('exhaustive') === true ? got.filter((line) => !want.includes(line)) : [];
  if (missing.length === 0 && extra.length === 0) return undefined;
  return `missing ${JSON.stringify(missing)}, unexpected ${JSON.stringify(extra)}`;
}

function modulesOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text, index) => [`test-${index}.rego`, text]));
}

/** Events are made, and nobody looks at them. */
const NO_TRACE: Tracer = { wantsLocals: true, wantsUnify: true, trace: () => undefined };

/** Why a case fails; undefined when it passes. */
function check(test: Case, version: Version, traced: boolean): string | undefined {
  let results: Map<string, Value>[] = [];
  let error: unknown;
  try {
    results = evaluate(test, version, traced);
  } catch (thrown) {
    error = thrown;
  }
  if (error !== undefined && !(error instanceof RegoError)) {
    return `crashed: ${error instanceof Error ? error.stack : JSON.stringify(error)}`;
  }
  if (test.wantError !== undefined || test.wantErrorCode !== undefined) {
    if (error === undefined)
      return `expected ${test.wantErrorCode ?? ''} ${test.wantError ?? ''}, found no error`;
    if (test.wantErrorCode !== undefined && error.code !== test.wantErrorCode) {
      return `expected ${test.wantErrorCode}, found ${error.toString()}`;
    }
    if (test.wantError !== undefined && !errorText(error).includes(test.wantError)) {
      return `expected error ${JSON.stringify(test.wantError)}, found ${JSON.stringify(errorText(error))}`;
    }
    return undefined;
  }
  if (error !== undefined) return `unexpected error ${error.toString()}`;
  if (test.wantResult === undefined) return 'the case says nothing about its result';
  const want = RegoSet.of((test.wantResult as RegoArray).items);
  const got = RegoSet.of(
    results.map((bindings) => {
      const object = new RegoObject();
      for (const [name, value] of bindings) {
        if (test.ignoreGenerated && name.startsWith('__localq')) continue;
        let plain = parseJsonText(toJsonText(value));
        if (test.sortBindings && plain instanceof RegoArray)
          plain = new RegoArray([...plain.items].sort(compare));
        object.set(name, plain);
      }
      return object;
    }),
  );
  if (compare(want, got) === 0) return undefined;
  return `expected ${toTerm(want)}, found ${toTerm(got)}`;
}

/** An error as OPA prints it. */
function errorText(error: RegoError): string {
  const place = error.location === undefined ? '' : `${error.location.file}:${error.location.row}: `;
  return `${place}${error.code}: ${error.message}`;
}

function evaluate(test: Case, version: Version, traced: boolean): Map<string, Value>[] {
  const keywords = test.experimental ? { experimentalKeywords: true } : {};
  const policy = compile({
    modules: modulesOf(test.modules),
    host: { lookupAddresses },
    builtins: [SLEEP],
    data: test.data ?? new RegoObject(),
    regoVersion: version,
    ...keywords,
  });
  const input =
    test.inputTerm === undefined
      ? test.input
      : compile({ modules: {} }).bareQuery(`x = ${test.inputTerm}`).bindings()[0]?.get('x');
  const options = { strictBuiltinErrors: test.strictError, env: test.env };
  if (!traced) return policy.bareQuery(test.query).bindings(input, options);
  return policy.bareTracedQuery(test.query).bindings(input, NO_TRACE, options);
}

/** A function that OPA's runner adds: takes time, so that the clock could be seen to move. */
const SLEEP: Builtin = {
  name: 'test.sleep',
  declaration: { args: [T.string], result: T.null },
  call: () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    return null;
  },
};

/** Stands in for the resolver: only what every machine knows. */
function lookupAddresses(name: string): readonly string[] {
  if (isIP(name) !== 0) return [name];
  return name === 'localhost' ? ['127.0.0.1'] : [];
}

function readCases(path: string, file: string): Case[] {
  const root = fromYaml(
    parseDocument(readFileSync(path, 'utf8'), { intAsBigInt: true, version: '1.1' }).contents,
  );
  const cases = (root as RegoObject).get('cases') as RegoArray;
  return cases.items.map((item) => {
    const test = item as RegoObject;
    const text = (name: string): string | undefined => test.get(name) as string | undefined;
    const modules = test.get('modules');
    const env = test.get('env');
    const note = text('note') ?? '';
    return {
      id: `${file} ${note.replaceAll(': ', ':')}`,
      note,
      query: text('query') ?? '',
      modules: modules instanceof RegoArray ? (modules.items as string[]) : [],
      data: test.get('data') ?? undefined,
      input: test.get('input'),
      inputTerm: text('input_term'),
      wantResult: test.get('want_result') ?? undefined,
      wantError: text('want_error'),
      wantErrorCode: text('want_error_code'),
      sortBindings: test.get('sort_bindings') === true,
      ignoreGenerated: test.get('ignore_generated_vars') === true,
      strictError: test.get('strict_error') === true,
      experimental: test.get('experimental_keywords') === true,
      env: env instanceof RegoObject ? Object.fromEntries(env.entries() as [string, string][]) : {},
    };
  });
}

/** YAML as OPA reads it: through JSON, so that fractions are doubles and keys are texts. */
function fromYaml(node: unknown): Value {
  if (isAlias(node)) throw new Error('aliases are not expected');
  if (isMap(node)) {
    const object = new RegoObject();
    for (const { key, value } of node.items)
      object.set(String(isScalar(key) ? key.value : key), fromYaml(value));
    return object;
  }
  if (isSeq(node)) return new RegoArray(node.items.map(fromYaml));
  if (isScalar(node)) return fromJson(node.value);
  return null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const here = fileURLToPath(new URL('../..', import.meta.url));
  const corpora = resolve(process.env.PRATIQUE_CORPORA ?? resolve(here, '../shared/corpora'));
  const [first, ...rest] = process.argv.slice(2);
  const versions: readonly Version[] = first === 'v0' || first === 'v1' ? [first] : ['v0', 'v1'];
  const directories = first === undefined || first === 'v0' || first === 'v1' ? rest : [first, ...rest];
  const results = versions.map((version) => runSuite(corpora, version, directories));
  if (directories.length === 0 || directories.includes('compile')) results.push(runCompileCases(corpora));
  for (const result of results) {
    for (const failure of result.failures) process.stdout.write(`${failure.slice(0, 1500)}\n`);
    process.stdout.write(`${result.suite}: ${result.passed} passed, ${result.failed} failed\n`);
    if (result.failed > 0) process.exitCode = 1;
  }
}
