/** `pratique policy …` beside the commands of `opa` of the same name: same output, same exit codes, same bundles. */
import { deepEqual, equal } from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBundleArchive, toJsonText, unpackArchive } from '@pratique/rego';
import fc from 'fast-check';
import { modules } from '../../packages/rego/src/format/testing/modules.ts';
import type { Context, Scenario } from '../support/context.ts';

/** Fixed, so that a run repeats; another one by `PRATIQUE_SEED=N`. */
const SEED = Number(process.env.PRATIQUE_SEED ?? 20);
const GENERATED = 20;
const policies = fileURLToPath(new URL('../../packages/policy/policies', import.meta.url));

const EXAMPLE: Readonly<Record<string, string>> = {
  'site/example.rego': `package example

import data.lib

default allow := false

allow if {
	input.user == "al"
	lib.known(input.user)
}

names contains name if some name in ["<b>", "a", input.user]

doubled[x] := y if {
	some x in numbers.range(1, 3)
	y := x * 2
}
`,
  'site/lib/lib.rego': 'package lib\n\nknown(user) if user in data.users.list\n',
  'site/users/data.json':
    '{"list": ["al", "bo"], "big": 123456789012345678901234567890, "__proto__": {"f": 1.50}}',
  'site/more/data.yaml': 'on: [1, two]\nnested:\n  e: 1e3\n',
  'site/.manifest':
    '{"revision": "r1", "roots": ["example", "lib", "users", "more"], "metadata": {"b": 1, "a": [2]}}',
  'input.json': '{"user": "al"}',
  'tests/p.rego': 'package p\n\nallow if input.x == 1\n\ndeny if {\n\tinput.y\n\tprint("y is", input.y)\n}\n',
  'tests/p_test.rego': `package p_test

import data.p

test_allow if p.allow with input as {"x": 1}

test_bad if p.allow with input as {"x": 2}

todo_test_later if false

test_print if p.deny with input as {"y": 3}
`,
  'broken/parse.rego': 'package q\n\np := {\n',
  'broken/unsafe.rego': 'package q\n\np if x > 1\n\nr := count(1)\n',
  'broken/strict.rego': 'package q\n\nimport data.unused\n\np if { y := 1 }\n',
  'old/old.rego': 'package old\n\ndeny[msg] { input.x[_] == 1; msg := "one" }\n',
};

function example(context: Context): string {
  const directory = context.scratch();
  for (const [name, text] of Object.entries(EXAMPLE)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  for (const [name, type] of [
    ['rsa', 'rsa'],
    ['ec', 'ec'],
  ] as const) {
    const { privateKey, publicKey } =
      type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(directory, `${name}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(directory, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
  }
  return directory;
}

/** Runs both with the same arguments; standard output and exit code have to be equal. */
async function same(
  context: Context,
  cwd: string,
  args: readonly string[],
  comparable: (text: string) => string = (text) => text,
): Promise<string> {
  const theirs = await context.run('opa', args, { cwd });
  const ours = await context.run('pratique', ['policy', ...args], { cwd });
  equal(comparable(ours.stdout), comparable(theirs.stdout), `output of ${args.join(' ')}\n${ours.stderr}`);
  equal(ours.code, theirs.code, `exit code of ${args.join(' ')}\n${ours.stderr}`);
  return theirs.stdout;
}

const QUERIES = [
  'data.example.allow',
  'x := data.example.names; y = data.users; data.example.allow',
  'some x in [1, "<a>", 3]; y := {x}',
  '[1, {2}]; {"a": data.more}',
  'data.example.doubled[k] = v',
  'data.nothing.here',
  '1 == 2',
  'data',
  '1 / 0',
  'nothing(1)',
  'x =',
];

async function evaluation(context: Context): Promise<void> {
  const cwd = example(context);
  for (const format of ['json', 'pretty', 'values', 'bindings', 'raw', 'discard']) {
    for (const query of QUERIES) {
      await same(context, cwd, ['eval', '--format', format, '-d', 'site', '-i', 'input.json', query]);
    }
  }
  for (const args of [
    ['--fail', 'data.nothing'],
    ['--fail-defined', 'true'],
    ['--strict-builtin-errors', '1 / 0'],
    ['-d', 'site', '--package', 'example', 'names'],
    ['-d', 'site', '--import', 'data.example', 'example.names'],
    ['-b', 'site', 'data.users'],
    ['-d', 'a.b:input.json', 'data.a'],
    ['-d', 'missing', '1'],
    ['-d', 'site/example.rego', '-d', 'site/lib', '-d', 'example.allow:input.json', 'data.example'],
    ['-i', 'missing', '1'],
    ['--v0-compatible', '-d', 'old', '-i', 'input.json', 'data.old'],
  ]) {
    await same(context, cwd, ['eval', ...args]);
  }
}

/** The order of results is by chance in OPA, which runs tests at once. */
function testResults(text: string): string {
  const plain = text.replace(/\([\d.]+(?:ns|µs|ms|s)\)/g, '').replace(/"duration": \d+/g, '');
  if (plain.startsWith('['))
    return JSON.stringify(
      (JSON.parse(plain.replace(/,\s*\}/g, '}').replace(/,\s*,/g, ',')) as object[])
        .map((item) => JSON.stringify(item))
        .sort(),
    );
  return plain.split('\n').sort().join('\n');
}

async function testing(context: Context): Promise<void> {
  const cwd = example(context);
  for (const args of [
    ['tests'],
    ['--format', 'json', 'tests'],
    ['-r', 'allow', '-v', 'tests'],
    ['-r', 'allow', '--coverage', 'tests'],
    ['-r', 'allow', '--threshold', '100', 'tests'],
    ['-r', 'nothing', 'tests'],
    ['-r', 'nothing', '--fail-on-empty', 'tests'],
    ['-r', 'todo', '-z', 'tests'],
    ['-r', 'todo', 'tests'],
    ['broken'],
    ['missing'],
    [policies],
  ]) {
    await same(context, cwd, ['test', ...args], testResults);
  }
}

async function checking(context: Context): Promise<void> {
  const cwd = example(context);
  for (const args of [
    ['site'],
    ['broken/parse.rego'],
    ['--strict', 'broken/strict.rego'],
    ['old'],
    ['--v0-compatible', 'old'],
    ['missing'],
  ]) {
    const theirs = await context.run('opa', ['check', '--format', 'json', ...args], { cwd });
    const ours = await context.run('pratique', ['policy', 'check', '--format', 'json', ...args], { cwd });
    equal(ours.stderr, theirs.stderr, `problems of ${args.join(' ')}`);
    equal(ours.code, theirs.code);
  }
}

async function formatting(context: Context): Promise<void> {
  const cwd = example(context);
  await same(context, cwd, ['fmt', policies]);
  for (const args of [
    ['-l', 'site'],
    ['-l', 'broken/strict.rego'],
    ['--fail', 'broken/strict.rego'],
    ['--v0-v1', 'old'],
    ['old'],
    ['missing'],
  ]) {
    await same(context, cwd, ['fmt', ...args]);
  }
  const texts = fc.sample(modules('both'), { numRuns: GENERATED, seed: SEED });
  for (const [index, text] of texts.entries()) writeFileSync(join(cwd, `generated${index}.rego`), text);
  for (const name of globSync('generated*.rego', { cwd })) {
    const theirs = await context.run('opa', ['fmt', '--check-result=false', name], { cwd });
    const ours = await context.run('pratique', ['policy', 'fmt', '--check-result=false', name], { cwd });
    equal(ours.stdout, theirs.stdout, readFileSync(join(cwd, name), 'utf8'));
  }
}

async function inspecting(context: Context): Promise<void> {
  const cwd = example(context);
  for (const args of [
    ['parse', 'site/example.rego'],
    ['parse', '--format', 'json', '--json-include', 'locations', 'site/example.rego'],
    ['parse', 'broken/parse.rego'],
    ['inspect', 'site'],
    ['inspect', 'site/example.rego'],
    ['deps', '-d', 'site', 'data.example.allow'],
    ['deps', '--format', 'json', '-d', 'site', 'data.example'],
  ]) {
    await same(context, cwd, args);
  }
}

/** Path and text of everything in a bundle, signatures by what is signed. */
function contents(path: string): Record<string, string> {
  return Object.fromEntries(
    unpackArchive(readFileSync(path)).map(({ path: name, bytes }) => {
      const text = new TextDecoder().decode(bytes);
      if (name !== '.signatures.json') return [name, text];
      const { signatures } = JSON.parse(text) as { signatures: string[] };
      const [header, payload] = signatures[0]!.split('.') as [string, string];
      return [name, [header, payload].map((part) => Buffer.from(part, 'base64url').toString()).join('\n')];
    }),
  );
}

const SIGNERS = [
  { sign: ['--signing-key', 'rsa.key'], verify: ['--verification-key', 'rsa.pub'] },
  {
    sign: ['--signing-key', 'ec.key', '--signing-alg', 'ES256'],
    verify: ['--verification-key', 'ec.pub', '--signing-alg', 'ES256'],
  },
  {
    sign: ['--signing-key', 'secret', '--signing-alg', 'HS256'],
    verify: ['--verification-key', 'secret', '--signing-alg', 'HS256'],
  },
];

async function bundles(context: Context): Promise<void> {
  const cwd = example(context);
  const variants = [
    ['site'],
    ['-r', 'v2', 'site'],
    ['-b', 'site'],
    ['--v0-compatible', 'old'],
    ...SIGNERS.map(({ sign }) => ['-b', ...sign, 'site']),
  ];
  for (const args of variants) {
    await context.ok('opa', ['build', ...args, '-o', 'theirs.tar.gz'], { cwd });
    await context.ok('pratique', ['policy', 'build', ...args, '-o', 'ours.tar.gz'], { cwd });
    deepEqual(
      contents(join(cwd, 'ours.tar.gz')),
      contents(join(cwd, 'theirs.tar.gz')),
      `build ${args.join(' ')}`,
    );
    const data = (name: string) => toJsonText(readBundleArchive(readFileSync(join(cwd, name))).data);
    equal(data('ours.tar.gz'), data('theirs.tar.gz'));
    for (const bundle of ['ours.tar.gz', 'theirs.tar.gz'])
      await same(context, cwd, ['eval', '-b', bundle, 'data']);
  }
  for (const { sign, verify } of SIGNERS) {
    await context.ok('opa', ['build', '-b', ...sign, '-o', 'theirs.tar.gz', 'site'], { cwd });
    await context.ok('pratique', ['policy', 'build', '-b', ...sign, '-o', 'ours.tar.gz', 'site'], { cwd });
    const eval_ = ['policy', 'eval', ...verify, 'data.users', '-b'];
    await context.ok('opa', ['build', '-b', ...verify, '-o', 'again.tar.gz', 'ours.tar.gz'], { cwd });
    await context.ok('pratique', [...eval_, 'theirs.tar.gz'], { cwd });
    // A signature beside other content, made by either, is refused by both.
    for (const program of ['opa', 'pratique'] as const) {
      const command = program === 'opa' ? ['sign'] : ['policy', 'sign'];
      mkdirSync(join(cwd, 'signed'), { recursive: true });
      const files = globSync('**/*.{rego,json,yaml}', { cwd: join(cwd, 'site') });
      for (const file of [...files, '.manifest']) {
        mkdirSync(dirname(join(cwd, 'signed', file)), { recursive: true });
        writeFileSync(join(cwd, 'signed', file), readFileSync(join(cwd, 'site', file)));
      }
      await context.ok(program, [...command, '-b', ...sign, '-o', 'signed', 'signed'], { cwd });
      await context.ok('opa', ['build', '-b', ...verify, '-o', 'again.tar.gz', 'signed'], { cwd });
      await context.ok('pratique', [...eval_, 'signed'], { cwd });
      writeFileSync(join(cwd, 'signed/lib/lib.rego'), 'package lib\n\nknown(user) if user != ""\n');
      await context.exits(1, 'opa', ['build', '-b', ...verify, '-o', 'again.tar.gz', 'signed'], { cwd });
      await context.exits(2, 'pratique', [...eval_, 'signed'], { cwd });
    }
  }
}

async function remoteBundles(context: Context): Promise<void> {
  const cwd = example(context);
  await context.ok('opa', ['build', '-b', '-o', 'bundle.tar.gz', 'site'], { cwd });
  const query = ['policy', 'eval', '--format', 'raw', 'data.users.list', '-b'];
  for (const { host } of context.registries) {
    const name = `${host}/${context.unique('policies/bundle')}:v1`;
    const layer = 'bundle.tar.gz:application/vnd.oci.image.layer.v1.tar+gzip';
    await context.ok('oras', ['push', '--plain-http', '--disable-path-validation', name, layer], { cwd });
    equal(await context.ok('pratique', [...query, `oci://${name}`], { cwd }), '["al","bo"]\n');
    await context.exits(1, 'pratique', [...query, `oci://${name}-missing`], { cwd });
  }
  const archive = readFileSync(join(cwd, 'bundle.tar.gz'));
  const answers: number[] = [];
  const server = createServer((request, response) => {
    const isKnown = request.headers['if-none-match'] === '"one"';
    const status = request.url !== '/bundle.tar.gz' ? 404 : isKnown ? 304 : 200;
    answers.push(status);
    response.writeHead(status, { etag: '"one"' }).end(status === 200 ? archive : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { XDG_CACHE_HOME: join(cwd, 'cache') };
    for (let round = 0; round < 2; round++) {
      equal(await context.ok('pratique', [...query, `${base}/bundle.tar.gz`], { cwd, env }), '["al","bo"]\n');
    }
    await context.exits(2, 'pratique', [...query, `${base}/missing`], { cwd, env });
    deepEqual(answers, [200, 304, 404]);
  } finally {
    server.close();
  }
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    { name: 'eval prints what opa eval prints, in every format', run: () => evaluation(context) },
    { name: 'test reports what opa test reports', run: () => testing(context) },
    { name: 'check finds what opa check finds', run: () => checking(context) },
    { name: `fmt of shipped and ${GENERATED} generated policies is opa fmt`, run: () => formatting(context) },
    { name: 'parse, inspect and deps print what OPA prints', run: () => inspecting(context) },
    {
      name: 'bundles of either are the same, and signed ones are verified by both',
      run: () => bundles(context),
    },
    { name: 'bundles come from registries, and over HTTP once', run: () => remoteBundles(context) },
  ];
}
