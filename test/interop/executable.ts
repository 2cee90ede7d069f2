/**
 * The standalone executable (`npm run build -- --executable`) against the same proofs as the sources: its own runtime runs
 * our unit tests and the conformance suite of signatures, and it is the `pratique` of the demo and of other scenarios.
 */
import { deepEqual, equal } from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildExecutable } from '../../scripts/build-executable.ts';
import type { Context, Scenario } from '../support/context.ts';
import { describe, run } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the executable cannot, and tests that ask Bun itself for what it has not. A listed test that passes is an error. */
const knownFailures: Readonly<Record<string, string>> = {
  'secp256k1 is refused': 'refused as KEY_INVALID: BoringSSL does not know the curve',
  'lets in who shows the right one':
    'the server of this test looks at certificates in a way Bun lacks; see tls.ts',
  'refuses who shows none or another one': 'as before',
  'is the one given, and is sent': 'as before',
  'a power cut at any moment leaves published checkpoints with all their tiles, and loses nothing acknowledged':
    'the disk is recorded by replacing functions of node:fs, which modules do not see there',
};

/** Test files that replace a module, which the test runner of Bun does in another way than vitest. */
const notForBun = ['packages/sigstore-server/src/tuf/rotation.test.ts'];

const packages = globSync('packages/*', { cwd: root }).map((path) => path.split(sep)[1]!);

/** Scenarios of others with the executable in the place of `pratique`. */
const others = [
  'cosign',
  'keyless',
  'keyless-signing',
  'sigstore-server',
  'webhook',
  'engines',
  'policy-tools',
  'tls',
];

export async function scenarios(context: Context): Promise<Scenario[]> {
  const directory = context.scratch();
  const executable = join(directory, await buildExecutable(directory));
  /** Everything the executable has inside, as its runtime by itself. */
  const asRuntime = { BUN_BE_BUN: '1', NO_COLOR: '1' };

  return [
    ...packages.map((name) => ({
      name: `its runtime passes the unit tests of ${name}`,
      async run() {
        const report = join(context.scratch(), 'report.xml');
        const flags = ['--preload', './test/support/bun-vitest.mjs', '--timeout', '60000'];
        const reporter = ['--reporter=junit', `--reporter-outfile=${report}`];
        const args = ['test', ...flags, ...reporter, `./packages/${name}/`];
        const result = await run(executable, args, { cwd: root, env: asRuntime, timeout: 1_200_000 });
        const { failed, files } = readReport(readFileSync(report, 'utf8'));
        const unknown = failed.filter((test) => !Object.hasOwn(knownFailures, test));
        if (unknown.length > 0) {
          const said = describe(name, args, result).replace(/^\(pass\).*\n/gm, '');
          throw new Error(`failed: ${unknown.join('; ')}\n${said}`);
        }
        const known = Object.keys(knownFailures).filter((test) => files.tests.has(test));
        deepEqual(
          known.filter((test) => !failed.includes(test)),
          [],
          'no longer failures',
        );
        // A file that cannot be loaded has no test that could fail.
        const wanted = globSync(`packages/${name}/src/**/*.test.ts`, { cwd: root });
        deepEqual(
          wanted.filter((file) => !files.names.has(file) && !notForBun.includes(file)),
          [],
          'test files that did not run',
        );
        if (failed.length === 0 && !wanted.some((file) => notForBun.includes(file)))
          equal(result.code, 0, describe(name, args, result));
      },
    })),
    {
      name: 'demo: every decision is the expected one',
      async run() {
        const rows = JSON.parse(
          await context.ok([executable], ['demo', '-o', 'json'], { timeout: 300_000 }),
        ) as {
          readonly expected: string;
          readonly allowed: boolean;
        }[];
        if (rows.length < 9) throw new Error(`only ${rows.length} cases`);
        deepEqual(
          rows.map(({ allowed }) => (allowed ? 'allowed' : 'denied')),
          rows.map(({ expected }) => expected),
        );
      },
    },
    {
      name: 'a .env, bunfig.toml or package.json in the working directory changes nothing',
      async run() {
        const cwd = context.scratch();
        writeFileSync(join(cwd, 'evil.ts'), 'console.log("loaded"); process.exit(42);');
        writeFileSync(join(cwd, 'bunfig.toml'), 'preload = ["./evil.ts"]\n');
        writeFileSync(join(cwd, '.env'), 'NO_COLOR=\nPRATIQUE_OUTPUT=json\n');
        writeFileSync(join(cwd, 'package.json'), '{"imports":{"*":"./evil.ts"}}');
        const plain = await context.ok([executable], ['version']);
        equal(await context.ok([executable], ['version'], { cwd }), plain);
      },
    },
    ...others.map((name) => ({
      name: `${name} with the executable`,
      async run() {
        const args = ['scripts/run.mjs', 'test/interop/run.ts', name];
        const env = { PRATIQUE_COMMAND: executable };
        const result = await run(process.execPath, args, { cwd: root, env, timeout: 3_600_000 });
        equal(result.code, 0, describe(name, args, result));
      },
    })),
  ];
}

interface Report {
  readonly failed: readonly string[];
  readonly files: { readonly names: ReadonlySet<string>; readonly tests: ReadonlySet<string> };
}

/** The tests in a JUnit report. */
function readReport(xml: string): Report {
  const failed: string[] = [];
  const names = new Set<string>();
  const tests = new Set<string>();
  for (const [, attributes = '', end] of xml.matchAll(/<testcase ([^>]*?)(\/>|>\s*<failure|>)/g)) {
    const attribute = (name: string) =>
      new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1]?.replace(/&#(\d+);|&(\w+);/g, unescaped) ?? '';
    names.add(attribute('file'));
    tests.add(attribute('name'));
    if (end!.includes('failure')) failed.push(attribute('name'));
  }
  return { failed, files: { names, tests } };
}

function unescaped(_: string, code: string | undefined, name: string | undefined): string {
  if (code !== undefined) return String.fromCodePoint(Number(code));
  return { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[name!] ?? '';
}
