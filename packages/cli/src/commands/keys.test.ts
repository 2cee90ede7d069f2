import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-keys-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

async function pratique(argv: string[], env: Record<string, string> = { COSIGN_PASSWORD: 'secret' }) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, ...env } });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

test('a new pair belongs together and the private key is readable by its owner only', async () => {
  expect((await pratique(['generate-key-pair'])).code).toBe(0);
  expect(statSync(join(cwd, 'cosign.key')).mode & 0o777).toBe(0o600);
  expect((await pratique(['public-key', '--key', 'cosign.key'])).stdout).toBe(
    readFileSync(join(cwd, 'cosign.pub'), 'utf8'),
  );
});

test('an existing key is never overwritten unasked', async () => {
  await pratique(['generate-key-pair']);
  const before = readFileSync(join(cwd, 'cosign.key'), 'utf8');
  expect(await pratique(['generate-key-pair'])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('FILE_EXISTS'),
  });
  expect(readFileSync(join(cwd, 'cosign.key'), 'utf8')).toBe(before);
});

test('a wrong password is an authentication failure and is not repeated back', async () => {
  await pratique(['generate-key-pair']);
  const result = await pratique(['public-key', '--key', 'cosign.key'], { COSIGN_PASSWORD: 'wrong-one' });
  expect(result.code).toBe(4);
  expect(result.stderr).toContain('KEY_PASSWORD_WRONG');
  expect(result.stderr).not.toContain('wrong-one');
});

test('without a terminal and without COSIGN_PASSWORD nothing is asked', async () => {
  expect(await pratique(['generate-key-pair'], {})).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('PASSWORD_MISSING'),
  });
});

test.each([
  ['ec', { namedCurve: 'P-256' }],
  ['ec', { namedCurve: 'P-384' }],
  ['ec', { namedCurve: 'P-521' }],
  ['rsa', { modulusLength: 2048 }],
  ['ed25519', {}],
] as const)('a plain %s key %o is imported, from a file and from the environment', async (type, options) => {
  const pair = generateKeyPairSync(type as 'ec', options as { namedCurve: string });
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  writeFileSync(join(cwd, 'plain.pem'), pem);
  expect(await pratique(['import-key-pair', '--key', 'plain.pem'])).toMatchObject({ code: 0 });
  const wanted = pair.publicKey.export({ type: 'spki', format: 'pem' });
  expect(readFileSync(join(cwd, 'import-cosign.pub'), 'utf8')).toBe(wanted);
  expect((await pratique(['public-key', '--key', 'env://THE_KEY'], { THE_KEY: pem })).stdout).toBe(wanted);
});

test.each([
  [['public-key', '--key', 'nothing.key'], 'FILE_UNREADABLE'],
  [['public-key', '--key', 'env://NOTHING'], 'FILE_UNREADABLE'],
  [['public-key', '--key', 'awskms://x'], 'USAGE'],
  [['public-key'], 'USAGE'],
])('%j says what is wrong', async (argv, code) => {
  expect(await pratique(argv)).toMatchObject({ code: 3, stderr: expect.stringContaining(`error ${code}`) });
});
