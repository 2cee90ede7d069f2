import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPublicKey, generateSigningKey } from '@pratique/crypto';
import { parseTrustedRoot } from '@pratique/sigstore';
import { parseSigningConfig } from '@pratique/sigstore-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

let cwd: string;
const key = generateSigningKey('ed25519');

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-trust-files-'));
  writeFileSync(join(cwd, 'log.pub'), formatPublicKey(key.publicKey));
});

afterAll(() => rmSync(cwd, { recursive: true }));

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  const code = await run(argv, terminal, new AbortController().signal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

const log = 'url=https://log.example,public-key=log.pub,start-time=2026-01-01T00:00:00Z';
const service = 'url=https://s.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=x';

test('the id of a Rekor v2 log comes from its origin, of Rekor v1 from its key', async () => {
  const create = (spec: string) => pratique('trusted-root', 'create', '--rekor', spec);
  const id = async (spec: string) =>
    parseTrustedRoot(new TextEncoder().encode((await create(spec)).stdout)).logs[0]!.id;
  expect(await id(log)).toBe(key.publicKey.fingerprint.slice(7));
  expect(await id(`${log},origin=log.example`)).not.toBe(key.publicKey.fingerprint.slice(7));
});

test('--out writes a file that only its owner reads', async () => {
  await pratique('trusted-root', 'create', '--rekor', log, '--out', 'root.json');
  expect(parseTrustedRoot(readFileSync(join(cwd, 'root.json'))).logs).toHaveLength(1);
});

test.each([
  ['no time', '--rekor', 'url=https://log.example,public-key=log.pub'],
  ['a time that is none', '--rekor', log.replace('2026-01-01T00:00:00Z', 'yesterday')],
  ['an unknown key', '--rekor', `${log},colour=red`],
  ['a key twice', '--rekor', `${log},url=https://other.example`],
  ['no pairs', '--rekor', 'https://log.example'],
  ['an empty URL', '--rekor', log.replace('https://log.example', '')],
])('a service with %s is refused', async (_what, ...flags) => {
  expect(await pratique('trusted-root', 'create', ...flags)).toMatchObject({ code: 3, stdout: '' });
});

test.each([
  ['a time of no log', ['--rekor-start-time', '2026-01-01T00:00:00Z'], '--rekor-key for each'],
  ['more addresses than keys', ['--ctfe-key', 'log.pub', '--ctfe-url', 'a', '--ctfe-url', 'b'], '1 and 2'],
  ['an address of no authority', ['--fulcio-uri', 'https://ca.example'], '--certificate-chain for each'],
  ['a time that is none', ['--rekor-key', 'log.pub', '--rekor-end-time', 'tomorrow'], 'RFC 3339'],
  ['a log of both kinds of flags', ['--rekor-key', 'log.pub', '--rekor', log], 'both'],
  ['a certificate log of both', ['--ctfe-key', 'log.pub', '--ctfe', log], 'both'],
  ['a chain that is a key', ['--certificate-chain', 'log.pub'], 'something else than certificates'],
])('by the older flags, %s is refused', async (_what, flags, problem) => {
  const { code, stdout, stderr } = await pratique('trusted-root', 'create', ...flags);
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toContain(problem);
});

test('the older flags of a log: an origin behind the key, and from 1970 on where no start is said', async () => {
  const made = await pratique(
    'trusted-root',
    'create',
    '--rekor-key',
    'log.pub',
    '--rekor-key',
    'log.pub,log.example',
  );
  const { logs } = parseTrustedRoot(new TextEncoder().encode(made.stdout));
  expect(logs.map(({ id }) => id === key.publicKey.fingerprint.slice(7))).toEqual([true, false]);
  expect(logs.map(({ baseUrl, validFrom }) => [baseUrl, validFrom.getTime()])).toEqual([
    ['', 0],
    ['', 0],
  ]);
});

test('without network and without initialize the root that is built in is all there is', async () => {
  const root = await pratique('trusted-root', 'create', '--with-default-services', '--offline');
  expect(root).toMatchObject({ code: 0 });
  expect(JSON.parse(root.stdout)).toHaveProperty('certificateAuthorities');
  expect(await pratique('signing-config', 'create', '--with-default-services', '--offline')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('TUF_NOT_INITIALIZED'),
  });
});

test('services given replace those of a base configuration', async () => {
  const first = await pratique(
    'signing-config',
    'create',
    '--fulcio',
    service,
    '--rekor',
    service,
    '--rekor-config',
    'ANY',
  );
  writeFileSync(join(cwd, 'base.json'), first.stdout);
  const other = service.replace('s.example', 'other.example');
  const second = await pratique('signing-config', 'create', '--base-config', 'base.json', '--fulcio', other);
  const config = parseSigningConfig(new TextEncoder().encode(second.stdout));
  expect(config.certificateAuthorities.map(({ url }) => url)).toEqual(['https://other.example']);
  expect(config.logs.map(({ url }) => url)).toEqual(['https://s.example']);
});

test.each([
  ['a log without how many', ['--rekor', service]],
  ['a count for ANY', ['--rekor', service, '--rekor-config', 'ANY:2']],
  ['EXACT without a count', ['--rekor', service, '--rekor-config', 'EXACT']],
  ['EXACT of none', ['--rekor', service, '--rekor-config', 'EXACT:0']],
  ['a version that is none', ['--fulcio', service.replace('api-version=1', 'api-version=x')]],
  ['a file and the defaults', ['--base-config', 'base.json', '--with-default-services']],
])('a signing configuration with %s is refused', async (_what, flags) => {
  expect(await pratique('signing-config', 'create', ...flags)).toMatchObject({ code: 3, stdout: '' });
});

test.each([
  ['inspect', []],
  ['upgrade', []],
])('bundle %s refuses what is no bundle', async (verb, flags) => {
  writeFileSync(join(cwd, 'none.json'), '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}');
  expect(await pratique('bundle', verb, ...flags, 'none.json')).toMatchObject({ code: 2, stdout: '' });
});

test('bundle create says what it lacks', async () => {
  writeFileSync(join(cwd, 'file'), 'content');
  writeFileSync(join(cwd, 'signature'), Buffer.from(key.sign(Buffer.from('content'))).toString('base64'));
  const create = ['bundle', 'create', '--ignore-tlog'];
  const signature = ['--artifact', 'file', '--signature', 'signature'];
  for (const flags of [[], ['--artifact', 'file'], signature]) {
    expect((await pratique(...create, ...flags)).code).toBe(3);
  }
  expect(await pratique(...create, ...signature, '--key', 'log.pub', '--out', 'made.json')).toMatchObject({
    code: 0,
  });
  const verify = ['verify-blob', '--key', 'log.pub', '--bundle', 'made.json', 'file'];
  expect((await pratique(...verify)).stderr).toContain('Verified OK');
  writeFileSync(join(cwd, 'file'), 'other');
  expect((await pratique(...verify)).code).toBe(2);
});

test('a signature without a key leads to one where no Sigstore can be reached', async () => {
  writeFileSync(join(cwd, 'blob'), '');
  const terminal = testTerminal({
    cwd,
    env: { HOME: cwd, TUF_MIRROR: 'http://127.0.0.1:1', TUF_ROOT_JSON: '' },
  });
  const code = await run(['sign-blob', '--bundle', 'b', 'blob'], terminal, new AbortController().signal);
  expect([code, terminal.stderr]).toEqual([1, expect.stringContaining('Sign with a key: --key FILE.')]);
});

test('a signing configuration that is another file is named', async () => {
  writeFileSync(join(cwd, 'blob'), '');
  const sign = ['sign-blob', '--bundle', 'b', '--signing-config', 'log.pub', 'blob'];
  expect((await pratique(...sign)).stderr).toMatch(/^error SIGNING_CONFIG_INVALID: log\.pub: /);
});
