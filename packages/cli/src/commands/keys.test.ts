import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeDaemon } from '@pratique/keys/testing/pcscd';
import { PivCard } from '@pratique/keys/testing/piv-card';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
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

test('what is no private key is not shown', async () => {
  const env = { THE_KEY: 'MHcCAQEEIOsecret\n-----END EC PRIVATE KEY-----' };
  const { code, stderr } = await pratique(['import-key-pair', '--key', 'env://THE_KEY'], env);
  expect(code).toBe(3);
  expect(stderr).toContain('error KEY_INVALID');
  expect(stderr).not.toContain('MHcCAQ');
});

test.each([
  [['public-key', '--key', 'nothing.key'], 'FILE_UNREADABLE'],
  [['public-key', '--key', 'env://NOTHING'], 'FILE_UNREADABLE'],
  [['public-key', '--key', 'othercloud://x'], 'KEY_PLUGIN_MISSING'],
  [['public-key', '--key', 'awskms://x'], 'KEY_REFERENCE_INVALID'],
  [['public-key', '--key', 'gitlab://project'], 'KEY_SERVICE_CONFIG'],
  [['public-key', '--key', 'github://owner/name'], 'KEY_REFERENCE_INVALID'],
  [['generate-key-pair', 'github://owner/name'], 'KEY_SERVICE_CONFIG'],
  [['generate-key-pair', 'gitlab://project'], 'KEY_SERVICE_CONFIG'],
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

/** A PIV token with a key in its slot for signatures, made elsewhere. */
async function pivToken() {
  const card = new PivCard();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  card.importKey(0x9c, 0x11, privateKey);
  const daemon = await startFakeDaemon([{ name: 'A reader', card }]);
  onTestFinished(daemon.close);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  return { env: { ...daemon.environment, PRATIQUE_PIV_PIN: '123456' }, pem, card };
}

test('a file is signed and verified with the key in a PIV token, by --sk, by piv: and by its public half', async () => {
  const { env, pem } = await pivToken();
  writeFileSync(join(cwd, 'file'), 'to sign');
  for (const key of [['--sk'], ['--sk', '--slot', 'signature'], ['--key', 'piv:9c']]) {
    expect((await pratique(['public-key', ...key], env)).stdout).toBe(pem);
    writeFileSync(join(cwd, 'token.pub'), pem);
    const signed = await pratique(['sign-blob', ...key, '--bundle', 'bundle', 'file'], env);
    expect(signed.code).toBe(0);
    for (const verifying of [key, ['--key', 'token.pub']]) {
      const verify = ['verify-blob', ...verifying, '--insecure-ignore-tlog', '--bundle', 'bundle'];
      expect((await pratique([...verify, 'file'], env)).code).toBe(0);
      expect((await pratique([...verify, 'bundle'], env)).code).not.toBe(0);
    }
  }
});

test('a signature by another key is not taken for one of the token', async () => {
  const { env } = await pivToken();
  const other = await pivToken();
  writeFileSync(join(cwd, 'file'), 'to sign');
  await pratique(['sign-blob', '--sk', '--bundle', 'bundle', 'file'], other.env);
  const verify = ['verify-blob', '--sk', '--insecure-ignore-tlog', '--bundle', 'bundle', 'file'];
  expect((await pratique(verify, other.env)).code).toBe(0);
  const { code, stderr } = await pratique(verify, env);
  expect(code).not.toBe(0);
  expect(stderr).toContain('BLOB_NOT_VERIFIED');
});

test.each([
  [['public-key', '--slot', 'signature'], 'USAGE'],
  [['public-key', '--sk', '--key', 'cosign.key'], 'USAGE'],
  [['verify-blob', '--sk', '--key', 'cosign.pub', '--bundle', 'b', 'file'], 'USAGE'],
  [['sign-blob', '--sk', '--key', 'cosign.key', '--bundle', 'b', 'file'], 'USAGE'],
  [['public-key', '--sk', '--slot', 'first'], 'KEY_REFERENCE_INVALID'],
  [['public-key', '--sk', '--slot', 'authentication'], 'KEY_NOT_FOUND'],
  [['generate-key-pair', '--kms', 'piv:signature'], 'KEY_REFERENCE_INVALID'],
])('%j says what is wrong, and asks the token for nothing more', async (argv, code) => {
  const { env, card } = await pivToken();
  writeFileSync(join(cwd, 'file'), 'to sign');
  expect(await pratique(argv, env)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining(`error ${code}`),
  });
  expect(card.instructions).not.toContain(0x20);
});

test.each([
  ['sign', '--sk', 'registry.example/app'],
  ['verify', '--sk', 'registry.example/app'],
])('%j without pcscd says how to have it', async (...argv) => {
  const { code, stderr } = await pratique(argv, { PCSCLITE_CSOCK_NAME: join(cwd, 'none') });
  expect(code).toBe(3);
  expect(stderr).toContain('error PIV_SERVICE_MISSING');
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
