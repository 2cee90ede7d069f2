/** Files and WebAssembly modules pushed by cosign and by us: the same bytes in the registry; and what is said of providers of tokens. */
import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { sniffMediaType } from '../../packages/oci/src/build/sniff.ts';
import type { Context, Program, Scenario } from '../support/context.ts';
import { pratique } from '../support/pratique.ts';
import type { TestRegistry } from '../support/registries.ts';
import { buildGoProgram } from '../tools/go.ts';

type Cosign = 'cosign' | 'cosign2';

const local = ['--allow-http-registry'];
const empty = '';
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const wasm = Buffer.from('0061736d01000000', 'hex');

/** Files of every kind in a directory, by name; the program is a real ELF file of tens of megabytes. */
function files(context: Context): string {
  const directory = context.scratch();
  const contents: Readonly<Record<string, string | Uint8Array>> = {
    text: 'hello\n',
    json: '{"a":[1,2,3]}',
    gzip: gzipSync('hello\n'),
    png,
    empty,
    html: '\n<!DOCTYPE html><html></html>',
    xml: '<?xml version="1.0"?><a/>',
    pdf: '%PDF-1.7\n',
    utf16: Buffer.from('\ufeffhello', 'utf16le'),
    wasm,
    'with space': 'x',
    // Other than what any test pushed, and past what is sent at once.
    big: randomBytes(96 * 1024 * 1024),
  };
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(directory, name), content);
  copyFileSync(context.tools.crane, join(directory, 'elf'));
  return directory;
}

const every = [
  ...[
    'text',
    'json',
    'gzip',
    'png',
    'empty',
    'html',
    'xml',
    'pdf',
    'utf16',
    'wasm',
    'with space',
    'elf',
    'big',
  ],
];

function blobs(context: Context, registry: TestRegistry, cwd: string): Scenario[] {
  /** Pushed by a program to a repository of its own; what it said has no name of it. */
  const upload = async (
    program: Program,
    kind: 'blob' | 'wasm',
    flags: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) => {
    const name = `${registry.host}/${context.unique('files/upload')}`;
    const result = await context.run(program, ['upload', kind, ...local, ...flags, `${name}:v1`], {
      cwd,
      env,
    });
    equal(result.code, 0, `${program} ${flags.join(' ')}: ${result.stderr}`);
    const neutral = (text: string) =>
      text.replaceAll(name, 'NAME').replaceAll(name.replace('/', '/v2/'), 'NAME');
    const stderr = neutral(result.stderr).replace(/^Command "upload" is deprecated.*\n/m, '');
    const manifest = await context.ok('crane', ['manifest', '--insecure', `${name}:v1`]);
    return { name, stdout: neutral(result.stdout), stderr, manifest };
  };
  const alike = async (cosign: Cosign, kind: 'blob' | 'wasm', flags: readonly string[]) => {
    const theirs = await upload(cosign, kind, flags);
    const ours = await upload('pratique', kind, flags);
    deepEqual({ ...ours, name: '' }, { ...theirs, name: '' }, flags.join(' '));
    return ours;
  };
  const platforms = ['-f', 'elf:linux/amd64', '-f', 'text:darwin', '-f', 'empty:/arm64', '-f', 'png:'];
  const annotations = ['-a', '10=ten', '-a', '9=<nine>&', '-a', 'é=\u2028', '-a', 'a=1,b=2', '-a', 'c=x,y'];
  return [
    ...(['cosign', 'cosign2'] as const).map((cosign) => ({
      name: `${registry.name}: files of every kind have the same manifest and digest as with ${cosign}, and it says the same`,
      run: async () => {
        for (const file of every) await alike(cosign, 'blob', ['-f', file]);
        await alike(cosign, 'blob', ['-f', 'text:linux/arm64']);
        await alike(cosign, 'blob', [
          '-f',
          'json',
          '--ct',
          'application/json; charset=utf-8',
          ...annotations,
        ]);
        await alike(cosign, 'blob', ['-f', '"json"', '--ct=', '-a', '"quoted=yes"']);
      },
    })),
    {
      name: `${registry.name}: several files have the same index as with cosign; those of cosign 2 say no artifact type`,
      run: async () => {
        const ours = await alike('cosign', 'blob', [...platforms, ...annotations]);
        await alike('cosign', 'blob', ['-f', 'text:linux,json:darwin']);
        const older = await upload('cosign2', 'blob', [...platforms, ...annotations]);
        const untyped = ours.manifest.replaceAll(
          ',"artifactType":"application/vnd.oci.image.config.v1+json"',
          '',
        );
        notEqual(untyped, ours.manifest);
        equal(older.manifest, untyped);
        // The variant is dropped by both; we say so.
        const variant = ['-f', 'elf:linux/arm/v7', '-f', 'text:linux/arm/v6'];
        const dropped = await upload('pratique', 'blob', variant);
        equal(dropped.manifest, (await upload('cosign', 'blob', variant)).manifest);
        match(dropped.stderr, /^warning: the variant v7 of elf is left out/);
      },
    },
    {
      name: `${registry.name}: COSIGN_REPOSITORY, where signatures are, is not where files go`,
      run: async () => {
        const env = { COSIGN_REPOSITORY: `${registry.host}/${context.unique('signatures')}` };
        for (const program of ['cosign', 'pratique'] as const) {
          await upload(program, 'blob', ['-f', 'text'], env);
          await upload(program, 'wasm', ['-f', 'wasm'], env);
          notEqual((await context.run('crane', ['ls', '--insecure', env.COSIGN_REPOSITORY])).code, 0);
        }
      },
    },
    {
      name: `${registry.name}: a module has the manifest that cosign 3 makes; cosign 2 puts the layer into its configuration`,
      run: async () => {
        const ours = await alike('cosign', 'wasm', ['-f', 'wasm']);
        const older = await upload('cosign2', 'wasm', ['-f', 'wasm']);
        const parts = (text: string) =>
          JSON.parse(text) as { config: { mediaType: string }; layers: unknown };
        equal(parts(older.manifest).config.mediaType, parts(ours.manifest).config.mediaType);
        deepEqual(parts(older.manifest).layers, parts(ours.manifest).layers);
      },
    },
    {
      name: `${registry.name}: crane and oras get the file back, and cosign and we sign and verify what is pushed`,
      run: async () => {
        const pair = await context.keyPair('cosign');
        for (const file of ['text', 'empty', 'big']) {
          const { name, stdout, manifest } = await upload('pratique', 'blob', ['-f', file]);
          const pinned = stdout.trim().replace('NAME', name);
          const [{ digest }] = (JSON.parse(manifest) as { layers: [{ digest: string }] }).layers;
          const out = join(context.scratch(), 'out');
          const blob = ['blob', '--insecure', `${name}@${digest}`];
          await context.ok(['sh', '-c', '"$@" > "$0"'], [out, context.tools.crane, ...blob]);
          equal(readFileSync(join(cwd, file)).equals(readFileSync(out)), true, `crane ${file}`);
          const fetch = ['blob', 'fetch', '--plain-http', '--output', `${out}.oras`, `${name}@${digest}`];
          await context.ok('oras', fetch);
          equal(readFileSync(join(cwd, file)).equals(readFileSync(`${out}.oras`)), true, `oras ${file}`);
          const key = ['--key', pair.privateKey, '--tlog-upload=false'];
          await context.ok('pratique', ['sign', ...local, ...key, pinned]);
          for (const verifier of ['cosign', 'pratique'] as const) {
            const verify = ['verify', ...local, '--insecure-ignore-tlog', '--key', pair.publicKey];
            await context.ok(verifier, [...verify, `${name}:v1`]);
            await context.exits(10, verifier, [...verify, (await context.image(registry)).pinned]);
          }
        }
      },
    },
    {
      name: `${registry.name}: what cosign refuses we refuse, and nothing is under the tag`,
      run: async () => {
        const refused: readonly (readonly string[])[] = [
          ['blob'],
          ['blob', '-f', 'none'],
          ['blob', '-f', 'text', '-f', 'json'],
          ['blob', '-f', 'text:linux', '-f', 'json'],
          ['blob', '-f', 'text', '-a', 'name'],
          ['blob', '-f', '"text'],
          ['blob', '-f', '.'],
          ['wasm'],
          ['wasm', '-f', 'none'],
        ];
        for (const program of ['cosign', 'pratique'] as const) {
          for (const args of refused) {
            const name = `${registry.host}/${context.unique('files/refused')}:v1`;
            const result = await context.run(program, ['upload', ...args, ...local, name], { cwd });
            notEqual(result.code, 0, `${program} ${args.join(' ')}`);
            equal(result.stdout, '', `${program} ${args.join(' ')}`);
            notEqual((await context.run('crane', ['manifest', '--insecure', name])).code, 0);
          }
          const gone = await context.run(program, ['upload', 'blob', '-f', 'text', '127.0.0.1:1/a/b:1'], {
            cwd,
          });
          deepEqual([gone.code, gone.stdout], [1, '']);
          match(gone.stderr, /refused/i);
          const digest = `${registry.host}/files/refused@sha256:${'0'.repeat(64)}`;
          notEqual((await context.run(program, ['upload', 'blob', '-f', 'text', digest], { cwd })).code, 0);
        }
        // What is no module: cosign pushes it all the same.
        const name = `${registry.host}/${context.unique('files/text')}:v1`;
        const result = await context.exits(3, 'pratique', ['upload', 'wasm', '-f', 'text', name], { cwd });
        match(result.stderr, /no WebAssembly module.*00 61 73 6d.*text\/plain/s);
        await context.ok('cosign', ['upload', 'wasm', '-f', 'text', name], { cwd });
      },
    },
  ];
}

/** Beginnings of files as they are in the table, damaged and followed by anything. */
const beginnings = fc
  .tuple(
    fc.stringMatching(/^[\t\n\f\r\v ]{0,3}$/),
    fc.constantFrom(
      ...['<!DOCTYPE HTML', '<hTmL', '<head', '<script', '<iframe', '<h1', '<div', '<font', '<table', '<a'],
      ...[
        '<style',
        '<title',
        '<b',
        '<body',
        '<br',
        '<p',
        '<!--',
        '<?xml',
        '%PDF-',
        '%!PS-Adobe-',
        '\xfe\xff',
      ],
      ...['\xff\xfe', '\xef\xbb\xbf', '\0\0\x01\0', '\0\0\x02\0', 'BM', 'GIF87a', 'GIF89a', 'RIFFabcdWEBPVP'],
      ...['\x89PNG\r\n\x1a\n', '\xff\xd8\xff', 'FORMabcdAIFF', 'ID3', 'OggS\0', 'MThd\0\0\0\x06'],
      ...['RIFFabcdAVI ', 'RIFFabcdWAVE', '\x1a\x45\xdf\xa3', `${'\x01'.repeat(34)}LP`, '\0\x01\0\0', 'OTTO'],
      ...[
        'ttcf',
        'wOFF',
        'wOF2',
        '\x1f\x8b\x08',
        'PK\x03\x04',
        'Rar!\x1a\x07\0',
        'Rar!\x1a\x07\x01\0',
        '\0asm',
      ],
      ...[
        '\0\0\0\x10ftypisomxxxx',
        '\0\0\0\x14ftypisomxxxxmp42',
        '\0\0\0\x0cftypmp42',
        '\0\0\0\x11ftypmp42',
        '',
      ],
    ),
    fc.constantFrom('', ' ', '>', '/', '\0', 'x'),
    fc.oneof(
      fc.constant(''),
      fc.string({ unit: 'binary-ascii', maxLength: 30 }),
      fc.constant('y'.repeat(600)),
    ),
    fc.option(fc.tuple(fc.nat(40), fc.nat(255)), { freq: 3 }),
  )
  .map(([space, beginning, end, rest, damage]) => {
    const bytes = Buffer.from(`${space}${beginning}${end}${rest}`, 'latin1');
    if (damage !== null && damage[0] < bytes.length) bytes[damage[0]] = damage[1];
    return bytes;
  });

async function asGo(context: Context): Promise<Scenario> {
  const program = join(context.scratch(), 'sniff');
  await buildGoProgram(
    join(cacheDirectory(), 'tools'),
    fileURLToPath(new URL('sniff', import.meta.url)),
    program,
  );
  const seed = Number(process.env.PRATIQUE_SEED ?? 1);
  return {
    name: 'the media type of 200,000 beginnings of files is the one that Go finds',
    run: async () => {
      const inputs = [
        ...fc.sample(beginnings, { numRuns: 190_000, seed }),
        ...fc.sample(fc.uint8Array({ maxLength: 40 }), { numRuns: 10_000, seed }),
      ];
      const input = inputs.map((bytes) => `${Buffer.from(bytes).toString('base64')}\n`).join('');
      const { stdout } = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
      const theirs = stdout.trimEnd().split('\n');
      equal(theirs.length, inputs.length);
      const found = new Set<string>();
      for (const [index, bytes] of inputs.entries()) {
        const [wanted] = theirs[index]!.split(';') as [string];
        equal(sniffMediaType(bytes), wanted, Buffer.from(bytes).toString('latin1'));
        found.add(wanted);
      }
      // Every type that Go knows was among them.
      equal(found.size, 30, [...found].sort().join(' '));
    },
  };
}

function providers(context: Context): Scenario[] {
  const socket = join(context.scratch(), 'socket');
  writeFileSync(socket, '');
  const environments: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'nothing set': {},
    'GitHub Actions': { ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'a', ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x.test' },
    'a job of GitHub Actions without the permission': { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x.test' },
    Buildkite: { BUILDKITE_AGENT_ACCESS_TOKEN: 'a', BUILDKITE_JOB_ID: 'b' },
    SPIFFE: { SPIFFE_ENDPOINT_SOCKET: socket },
    'a SPIFFE socket that is not there': { SPIFFE_ENDPOINT_SOCKET: `${socket}.none` },
    'a token in the environment': { SIGSTORE_ID_TOKEN: 'a.b.c' },
    'a service account of Google’s': { GOOGLE_SERVICE_ACCOUNT_NAME: 'ci@project.test' },
    'all of them': {
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'a',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x.test',
      BUILDKITE_AGENT_ACCESS_TOKEN: 'a',
      SPIFFE_ENDPOINT_SOCKET: socket,
      SIGSTORE_ID_TOKEN: 'a.b.c',
      GOOGLE_SERVICE_ACCOUNT_NAME: 'ci@project.test',
    },
  };
  const args = ['debug', 'providers'];
  const unset = {
    ...{ ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined, ACTIONS_ID_TOKEN_REQUEST_URL: undefined },
    ...{ BUILDKITE_AGENT_ACCESS_TOKEN: undefined, SIGSTORE_ID_TOKEN: undefined },
    ...{ SPIFFE_ENDPOINT_SOCKET: undefined, GOOGLE_SERVICE_ACCOUNT_NAME: undefined },
  };
  return [
    {
      name: 'debug providers prints what cosign 3 and cosign 2 print, in each environment',
      run: async () => {
        for (const [name, variables] of Object.entries(environments)) {
          const env = { ...unset, ...variables };
          const ours = await context.ok('pratique', args, { env });
          for (const cosign of ['cosign', 'cosign2'] as const)
            equal(ours, await context.ok(cosign, args, { env }), `${cosign}, ${name}`);
          equal(ours.split(': true').length - 1 > 0, !/nothing|without|not there/.test(name), name);
        }
      },
    },
    {
      name: 'debug providers: a token that Kubernetes projects; a SPIFFE socket as SPIFFE names it, which cosign does not find',
      run: async () => {
        const token = join(context.scratch(), 'oidc-token');
        writeFileSync(token, 'a.b.c');
        const said = async (program: Program, prefix: readonly string[], env: object) => {
          const [command, ...rest] = program === 'pratique' ? pratique : [context.tools[program as Cosign]];
          const all = { env: { ...unset, ...env } };
          if (prefix.length === 0) return await context.ok(program, args, all);
          return await context.ok([prefix[0]!, ...prefix.slice(1), command!, ...rest], args, all);
        };
        // A /run of its own, so that others on this machine do not find the token.
        const projected = [
          ...['bwrap', '--dev-bind', '/', '/', '--tmpfs', '/run'],
          ...['--ro-bind', token, '/run/sigstore/cosign/oidc-token', '--die-with-parent'],
        ];
        const ours = await said('pratique', projected, {});
        match(ours, /^filesystem: true$/m);
        equal(ours, await said('cosign', projected, {}));
        const named = { SPIFFE_ENDPOINT_SOCKET: `unix://${socket}` };
        match(await said('pratique', [], named), /^spiffe: true$/m);
        match(await said('cosign', [], named), /^spiffe: false$/m);
      },
    },
  ];
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const directory = files(context);
  mkdirSync(join(directory, 'directory'));
  return [
    ...context.registries.flatMap((registry) => blobs(context, registry, directory)),
    await asGo(context),
    ...providers(context),
  ];
}
