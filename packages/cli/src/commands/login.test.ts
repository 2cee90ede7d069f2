import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { environmentKeychain } from '@pratique/oci';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

let server: Server;
let host: string;
let home: string;

beforeAll(async () => {
  const good = `Basic ${Buffer.from('alice:secret').toString('base64')}`;
  server = createServer(({ headers }, response) => {
    const status = headers.authorization === good ? 200 : 401;
    response.writeHead(status, { 'www-authenticate': 'Basic realm="test"' }).end('{}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pratique-login-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
});

async function pratique(argv: readonly string[], stdin = '', more: Record<string, string> = {}) {
  const env = {
    HOME: home,
    DOCKER_CONFIG: home,
    PATH: `${home}:${dirname(process.execPath)}:/usr/bin:/bin`,
    ...more,
  };
  const terminal = testTerminal({ cwd: home, env, stdin });
  const code = await run(argv, terminal, new AbortController().signal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

const config = () => join(home, 'config.json');
const login = (stdin = 'secret\n', more: Record<string, string> = {}) =>
  pratique(['login', host, '-u', 'alice', '--password-stdin'], stdin, more);
const kept = () => environmentKeychain({ HOME: home, DOCKER_CONFIG: home }).resolve(host, '');

test('credentials that open the registry are kept for everybody who reads Docker’s file, until logout', async () => {
  writeFileSync(config(), '{"psFormat":"x","auths":{"other.example":{"auth":"YTpi"}}}');
  const result = await login();
  expect(result).toMatchObject({ code: 0, stdout: '' });
  expect(`${result.stderr}`).not.toContain('secret');
  expect(await kept()).toEqual({ username: 'alice', password: 'secret' });
  expect(statSync(config()).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(config(), 'utf8'))).toMatchObject({
    psFormat: 'x',
    auths: { 'other.example': { auth: 'YTpi' } },
  });
  expect((await pratique(['logout', host])).stderr).toContain('Logged out');
  expect(await kept()).toBeUndefined();
  expect((await pratique(['logout', host])).stderr).toContain('no credentials');
});

test('credentials that do not open the registry are not kept', async () => {
  const result = await login('wrong');
  expect(result).toMatchObject({ code: 4, stderr: expect.stringContaining('OCI_UNAUTHORIZED') });
  expect(await kept()).toBeUndefined();
});

test('a credential helper keeps them where one is configured, and nothing secret is in the file', async () => {
  const helper = join(home, 'docker-credential-test');
  writeFileSync(helper, `#!/bin/sh\ncat > ${home}/$1\n`);
  chmodSync(helper, 0o755);
  writeFileSync(config(), '{"credsStore":"test"}');
  expect((await login()).stderr).toContain('docker-credential-test');
  expect(JSON.parse(readFileSync(join(home, 'store'), 'utf8'))).toEqual({
    ServerURL: host,
    Username: 'alice',
    Secret: 'secret',
  });
  expect(readFileSync(config(), 'utf8')).not.toContain('auth');
  await pratique(['logout', host]);
  expect(readFileSync(join(home, 'erase'), 'utf8')).toBe(host);
});

test('a file that is none is not overwritten, and not quoted', async () => {
  writeFileSync(config(), '{"auths": secret');
  const { code, stderr } = await login();
  expect(code).toBe(4);
  expect(stderr).toContain('OCI_CREDENTIALS_UNREADABLE');
  expect(stderr).not.toContain('"auths": secret');
  expect(readFileSync(config(), 'utf8')).toBe('{"auths": secret');
});

test.each([
  ['no name', ['--password-stdin']],
  ['no password', ['-u', 'alice']],
  ['two passwords', ['-u', 'alice', '-p', 'x', '--password-stdin']],
])('login with %s is refused', async (_what, flags) => {
  expect((await pratique(['login', host, ...flags], 'secret')).code).toBe(3);
});

test('what is no registry is refused', async () => {
  expect(
    (await pratique(['login', 'https://registry.example/x', '-u', 'a', '--password-stdin'], 'b')).code,
  ).toBe(3);
});

test('env hides what is secret unless it is told not to', async () => {
  const secrets = { COSIGN_PASSWORD: 'hush', SIGSTORE_SOMETHING: 'unknown', TUF_ROOT: '/roots' };
  const { stdout } = await pratique(['env'], '', secrets);
  expect(stdout).toContain('COSIGN_PASSWORD=******');
  expect(stdout).toContain('SIGSTORE_SOMETHING=******');
  expect(stdout).toContain('TUF_ROOT=/roots');
  expect(stdout).toMatch(/^# TUF_ROOT is where .*\n# Expects: .*\nTUF_ROOT=/m);
  expect((await pratique(['env', '--show-descriptions=false'], '', secrets)).stdout).not.toContain('#');
  expect(stdout).not.toMatch(/hush|unknown/);
  expect((await pratique(['env', '--show-sensitive-values'], '', secrets)).stdout).toContain(
    'COSIGN_PASSWORD=hush',
  );
});
