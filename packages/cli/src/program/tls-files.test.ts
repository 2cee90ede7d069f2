import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSelfSigned } from '@pratique/crypto';
import { startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { testTerminal } from '../testing/terminal.ts';
import { run } from './run.ts';

let cwd: string;
const own = createSelfSigned({ names: ['localhost'] });
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-tls-'));
  const files = {
    'tls.crt': own.certificatePem,
    'tls.key': own.privateKeyPem,
    'ca.crt': own.caPem,
    'other.key': createSelfSigned({ names: ['localhost'] }).privateKeyPem,
    'trust.yaml': 'kind: Trust',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
});
afterAll(() => rmSync(cwd, { recursive: true }));

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  const code = await run(argv, terminal, new AbortController().signal);
  return { code, stderr: terminal.stderr };
}

const serve = ['registry', 'serve', '--listen', '127.0.0.1:0'];
const resolve = ['resolve', 'localhost:1/app:1'];

test.each([
  [[...serve, '--tls-cert', 'trust.yaml', '--tls-key', 'tls.key'], 'trust.yaml holds no certificate'],
  [[...serve, '--tls-cert', 'tls.key', '--tls-key', 'tls.key'], 'tls.key holds no certificate'],
  [[...serve, '--tls-cert', 'tls.crt', '--tls-key', 'trust.yaml'], 'trust.yaml holds no private key'],
  [
    [...serve, '--tls-cert', 'tls.crt', '--tls-key', 'other.key'],
    'other.key is not the one of the certificate tls.crt',
  ],
  [[...resolve, '--registry-cacert', 'trust.yaml'], 'trust.yaml holds no certificate'],
  [[...resolve, '--registry-client-cert', 'trust.yaml', '--registry-client-key', 'tls.key'], 'trust.yaml'],
  [[...resolve, '--registry-client-cert', 'tls.crt', '--registry-client-key', 'other.key'], 'other.key'],
])('what is wrong with a file for TLS is told of the file: %#', async (argv, told) => {
  const { code, stderr } = await pratique(...argv);
  expect(stderr).toContain('TLS_FILES_UNUSABLE');
  expect(stderr).toContain(told);
  expect(code).toBe(3);
});

test('an authority in a file is trusted', async () => {
  const tls = { cert: own.certificatePem, key: own.privateKeyPem };
  const registry = await startRegistry({ listen: 'localhost:0', tls });
  onTestFinished(() => registry.close());
  const { stderr } = await pratique('ls', '--registry-cacert', 'ca.crt', `${registry.address}/app`);
  expect(stderr).toContain('OCI_NOT_FOUND');
});
