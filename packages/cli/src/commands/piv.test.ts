import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKey } from '@pratique/crypto';
import { startFakeDaemon } from '@pratique/keys/testing/pcscd';
import { PivCard } from '@pratique/keys/testing/piv-card';
import { createMaker } from '@pratique/keys/testing/piv-maker';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
const maker = createMaker();
let cwd: string;
let env: Record<string, string>;
let card: PivCard;

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-piv-'));
  writeFileSync(join(cwd, 'maker.pem'), maker.certificatePem);
  card = new PivCard({ maker });
  const daemon = await startFakeDaemon([{ name: 'A reader', card }]);
  onTestFinished(daemon.close);
  env = { ...daemon.environment, HOME: cwd };
});
afterEach(() => rmSync(cwd, { recursive: true }));

async function piv(...argv: string[]) {
  const terminal = testTerminal({ cwd, env });
  const code = await run(['piv-tool', ...argv], terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

const generate = ['generate-key', '-f', '--attestation-roots', 'maker.pem'];

test('a key is made, its public half printed, and its attestation shown in words and as data', async () => {
  const made = await piv(...generate, '--pin-policy', 'once');
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('Verified ok') });
  expect(made.stdout).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
  const details = [
    '  Issuer: CN=A maker of tokens',
    '  Form factor: USB C Keychain',
    '  PIN Policy: Once',
    '  Serial number: 12345678',
    '  Version: 5.4.3',
    '',
  ];
  expect(made.stdout.endsWith(details.join('\n'))).toBe(true);
  const { stdout } = await piv('attestation', '-o', 'json', '--attestation-roots', 'maker.pem');
  const { KeyAttestation, DeviceCertPem, KeyCertPem } = JSON.parse(stdout);
  expect(made.stdout).toContain(DeviceCertPem);
  expect(made.stdout).toContain(KeyCertPem);
  expect(KeyAttestation).toEqual({
    Version: { Major: 5, Minor: 4, Patch: 3 },
    Serial: 12345678,
    Formfactor: 3,
    PINPolicy: 2,
    TouchPolicy: 2,
    Slot: { Key: 0x9c, Object: 0x5fc10a },
  });
});

test('a token of an unknown maker has its key made, and is not said to be of a known one', async () => {
  const made = await piv('generate-key', '-f');
  expect(made).toMatchObject({ code: 2, stderr: expect.stringContaining('error PIV_ATTESTATION_INVALID') });
  expect(made.stdout).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
  expect(made.stdout).not.toContain('Serial number');
  expect(await piv('attestation')).toMatchObject({ code: 2, stdout: '' });
});

test('PIN and PUK are set, from the environment too, and neither is ever printed', async () => {
  expect(await piv('set-pin', '-f', '--new-pin', '684920')).toMatchObject({ code: 0, stdout: '' });
  env['PRATIQUE_OLD_PIN'] = '684920';
  env['PRATIQUE_NEW_PIN'] = '295013';
  expect((await piv('set-pin', '--no-input')).code).toBe(0);
  expect((await piv('set-puk', '-f', '--new-puk', '38104759')).code).toBe(0);
  const wrong = await piv('unblock', '-f', '--puk', '11111111', '--new-PIN', '684920');
  expect(wrong.code).toBe(4);
  expect(wrong.stderr).toContain('error PIV_PIN_REFUSED');
  expect(wrong.stderr).toContain('2 tries left');
  expect(wrong.stderr).not.toMatch(/11111111|684920|295013/);
  expect((await piv('unblock', '-f', '--puk', '38104759', '--new-PIN', '684920')).code).toBe(0);
});

test.each([
  ['set-pin', 'OLD_PIN', 'NEW_PIN'],
  ['set-puk', 'OLD_PUK', 'NEW_PUK'],
  ['unblock', 'PUK', 'NEW_PIN'],
  ['set-management-key', 'OLD_KEY', 'NEW_KEY'],
  ['generate-key', 'MANAGEMENT_KEY', 'MANAGEMENT_KEY'],
])('what a variable keeps secret for %s is not shown among the settings', async (command, ...names) => {
  for (const name of names) env[`PRATIQUE_${name}`] = '684920';
  for (const form of ['text', 'json']) {
    const terminal = testTerminal({ cwd, env });
    expect(await run(['config', '-o', form, 'piv-tool', command], terminal, never)).toBe(0);
    expect(terminal.stdout).toContain('(hidden)');
    expect(terminal.stdout).not.toContain('684920');
  }
});

test('a management key is set, opens the token, and is not given back', async () => {
  const key = '00112233445566778899aabbccddeeff0011223344556677';
  expect((await piv('set-management-key', '-f', '--new-key', key)).code).toBe(0);
  const other = await piv(...generate);
  expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining('PIV_MANAGEMENT_KEY_REFUSED') });
  const made = await piv(...generate, '--management-key', key, '--random-management-key');
  expect(made.code).toBe(0);
  expect(made.stderr + made.stdout).not.toContain(key);
  expect((await piv(...generate, '--management-key', key)).code).toBe(4);
  expect((await piv('reset', '-f')).code).toBe(0);
  expect((await piv(...generate)).code).toBe(0);
});

test('a key that cannot be made leaves the token its management key', async () => {
  const truth = card.respond.bind(card);
  card.respond = (apdu) => (apdu[1] === 0x47 ? Uint8Array.of(0x6a, 0x80) : truth(apdu));
  const failed = await piv(...generate, '--random-management-key');
  expect(failed.stderr).toContain('error PIV_FAILED');
  card.respond = truth;
  expect((await piv(...generate)).code).toBe(0);
});

test('a key that is not the attested one is not said to be verified', async () => {
  const truth = card.respond.bind(card);
  const point = generateSigningKey().publicKey.spki.slice(-65);
  card.respond = (apdu) => {
    const response = truth(apdu);
    if (apdu[1] === 0x47) response.set(point, response.byteLength - 2 - point.byteLength);
    return response;
  };
  const { code, stderr } = await piv(...generate);
  expect(code).toBe(2);
  expect(stderr).toContain('error PIV_ATTESTATION_INVALID');
  expect(stderr).not.toContain('Verified ok');
});

test.each([
  [['set-management-key', '-f', '--new-key', 'secret'], 'PIV_MANAGEMENT_KEY_INVALID'],
  [['set-management-key', '-f', '--new-key', '00'.repeat(24), '--random-management-key'], 'USAGE'],
  [['set-pin', '-f', '--new-pin', '1'], 'PIV_PIN_INVALID'],
  [['generate-key', '-f', '--pin-policy', 'sometimes'], 'USAGE'],
  [['generate-key', '-f', '--slot', 'first'], 'KEY_REFERENCE_INVALID'],
  [['attestation', '--slot', 'authentication'], 'KEY_NOT_FOUND'],
  [['attestation', '--serial', '2'], 'PIV_TOKEN_MISSING'],
  [['generate-key'], 'USAGE'],
  [['set-pin'], 'USAGE'],
  [['set-puk'], 'USAGE'],
  [['unblock'], 'USAGE'],
  [['set-management-key'], 'USAGE'],
  [['reset'], 'USAGE'],
])('%j says what is wrong and changes nothing', async (argv, code) => {
  expect(await piv(...argv)).toMatchObject({ code: 3, stderr: expect.stringContaining(`error ${code}`) });
  for (const changing of [0x24, 0x2c, 0x47, 0xfb, 0xff]) expect(card.instructions).not.toContain(changing);
});
