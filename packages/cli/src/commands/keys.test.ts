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
  [['public-key', '--key', 'awskms://x'], 'KEY_PLUGIN_MISSING'],
  [['public-key', '--key', 'gitlab://project'], 'USAGE'],
  [['public-key', '--key', 'https://example.com/cosign.pub'], 'USAGE'],
  [['public-key', '--key', 'hashivault://name'], 'KEY_SERVICE_CONFIG'],
  [['public-key', '--key', 'pkcs11:token=t;object=o'], 'KEY_REFERENCE_INVALID'],
  [['import-key-pair', '--key', 'hashivault://name'], 'USAGE'],
  [['generate-key-pair', 'team/signing'], 'USAGE'],
  [['generate-key-pair', 'k8s://team/signing'], 'KEY_SERVICE_CONFIG'],
  [['generate-key-pair', 'k8s://team/signing', '--kms', 'hashivault://x'], 'USAGE'],
  [['pkcs11-tool', 'list-tokens'], 'KEY_REFERENCE_INVALID'],
  [['pkcs11-tool', 'list-keys-uris', '--module-path', '/m.so'], 'USAGE'],
  [['public-key'], 'USAGE'],
])('%j says what is wrong', async (argv, code) => {
  expect(await pratique(argv)).toMatchObject({ code: 3, stderr: expect.stringContaining(`error ${code}`) });
});

test.each([
  ['public-key', '--sk'],
  ['public-key', '--slot', 'signature'],
  ['sign', '--sk', 'registry.example/app'],
  ['verify', '--sk', 'registry.example/app'],
  ['sign-blob', '--sk', '--slot', 'signature', '--bundle', 'b', 'file'],
])('%j is refused with the way to PIV tokens that there is', async (...argv) => {
  writeFileSync(join(cwd, 'file'), 'to sign');
  const { code, stderr } = await pratique(argv);
  expect(code).toBe(3);
  expect(stderr).toContain('pkcs11:');
});

test('a public key that is there already is found before a key is made', async () => {
  writeFileSync(join(cwd, 'cosign.pub'), 'another');
  const made = await pratique(['generate-key-pair', 'k8s://team/signing']);
  expect(made).toMatchObject({ code: 3, stderr: expect.stringContaining('FILE_EXISTS') });
});

test.each([
  ['sign', ['sign', '--key', 'notes.txt', 'localhost:1/app']],
  ['verify', ['verify', '--key', 'notes.txt', 'localhost:1/app']],
  ['import-key-pair', ['import-key-pair', '--key', 'notes.txt']],
])('%s names the file that holds no key, and that it was the wrong one to give', async (_name, argv) => {
  writeFileSync(join(cwd, 'notes.txt'), 'not a key\n');
  const { code, stderr } = await pratique(argv);
  expect(stderr).toContain('error KEY_INVALID: notes.txt: ');
  expect(code).toBe(3);
});
