import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPublicKey, generateSigningKey, verifySignature } from '@pratique/crypto';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createKey, openKey, openPublicKey } from '../open.ts';

const data = new TextEncoder().encode('signed by a plugin');
const key = generateSigningKey();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keys-plugin-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

/** The standalone executable runs scripts only where it is told to be its own runtime. */
const interpreter =
  process.versions['bun'] === undefined
    ? process.execPath
    : `/usr/bin/env -S BUN_BE_BUN=1 ${process.execPath}`;

/** A plugin that writes down what it was called with, and does `body` with `call` (JSON) and `message`. */
function install(body: string): { readonly environment: NodeJS.ProcessEnv } {
  const program = join(directory, 'sigstore-kms-test');
  const source = `#!${interpreter}
const fs = require('node:fs');
const crypto = require('node:crypto');
const [version, text] = process.argv.slice(2);
const call = JSON.parse(text);
const message = fs.readFileSync(0);
fs.appendFileSync(${JSON.stringify(join(directory, 'calls'))}, JSON.stringify({ version, call, message: message.toString('base64') }) + '\\n');
const answer = (value) => process.stdout.write(JSON.stringify(value));
const privateKey = crypto.createPrivateKey({ key: Buffer.from(${JSON.stringify(Buffer.from(key.exportPkcs8()).toString('base64'))}, 'base64'), format: 'der', type: 'pkcs8' });
const publicKeyPEM = ${JSON.stringify(Buffer.from(formatPublicKey(key.publicKey)).toString('base64'))};
${body}
`;
  writeFileSync(program, source);
  chmodSync(program, 0o755);
  return { environment: { PATH: `relative:${directory}`, HOME: directory } };
}

const working = `
if (call.methodName === 'publicKey') answer({ publicKey: { publicKeyPEM } });
if (call.methodName === 'defaultAlgorithm') answer({ defaultAlgorithm: { defaultAlgorithm: 'ecdsa-p256' } });
if (call.methodName === 'createKey') answer({ createKey: { publicKeyPEM } });
if (call.methodName === 'signMessage') answer({ signMessage: { signature: crypto.sign('sha256', message, privateKey).toString('base64') } });
process.exitCode = 3;
`;

function calls(): { version: string; call: Record<string, unknown>; message: string }[] {
  return readFileSync(join(directory, 'calls'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('a plugin of sigstore’s protocol', () => {
  test('is asked for the key and to sign, whatever its exit status', async () => {
    const context = install(working);
    const opened = await openKey('test://a/key?x=1', context);
    expect(opened.publicKey.fingerprint).toBe(key.publicKey.fingerprint);
    expect(verifySignature(key.publicKey, data, await opened.sign(data))).not.toBeNull();
    expect(calls()).toEqual([
      {
        version: 'v1',
        message: '',
        call: expect.objectContaining({
          initOptions: expect.objectContaining({
            protocolVersion: 'v1',
            keyResourceID: 'a/key?x=1',
            hashFunc: 5,
          }),
          methodName: 'publicKey',
        }),
      },
      {
        version: 'v1',
        message: Buffer.from(data).toString('base64'),
        call: expect.objectContaining({ methodName: 'signMessage' }),
      },
    ]);
  });

  test('makes a key of its default kind', async () => {
    const context = install(working);
    const { publicKey } = await createKey('test://a', context, () => Promise.reject(new Error()));
    expect(publicKey.fingerprint).toBe(key.publicKey.fingerprint);
    expect(calls().map(({ call }) => call['methodName'])).toEqual(['defaultAlgorithm', 'createKey']);
    expect(calls()[1]!.call['createKey']).toEqual({ algorithm: 'ecdsa-p256' });
  });
});

describe('is refused', () => {
  test.each([
    ['an error it reports', `answer({ errorMessage: 'no such key' });`, /no such key/],
    ['an answer that is no JSON', `process.stdout.write('hello');`, /did not answer/],
    ['no answer', '', /did not answer/],
    ['an answer without the key', 'answer({ publicKey: {} });', /publicKey\.publicKeyPEM/],
    ['a key that is no base64', `answer({ publicKey: { publicKeyPEM: '*' } });`, /base64/],
    [
      'an answer without end',
      `const junk = Buffer.alloc(1 << 16, 0x20); const more = () => { while (process.stdout.write(junk)); process.stdout.once('drain', more); }; more();`,
      /cannot be run|did not finish/,
    ],
    ['one that a signal ended', `process.kill(process.pid, 'SIGKILL');`, /cannot be run/],
  ])('%s', async (_, body, message) => {
    const opened = openPublicKey('test://a', install(body));
    await expect(opened).rejects.toMatchObject({
      code: 'KEY_PLUGIN_FAILED',
      message: expect.stringMatching(message),
    });
  });

  test('what it prints is shown without its escape sequences', async () => {
    const context = install(
      `process.stderr.write('\\x1b[2Jgone'); answer({ errorMessage: '\\x1b[31mred' });`,
    );
    const error = await openPublicKey('test://a', context).catch((thrown: Error) => thrown);
    expect((error as Error).message).not.toContain('\x1b');
    expect((error as Error).message).toContain('gone');
  });

  test('a signature of something else', async () => {
    const context = install(working.replace("'sha256', message", "'sha256', Buffer.from('else')"));
    const opened = await openKey('test://a', context);
    await expect(opened.sign(data)).rejects.toMatchObject({ code: 'KEY_SIGNATURE_WRONG' });
  });

  test.each(['test://', `test://${'x'.repeat(3000)}`, 'test://a\nb'])('no key: %j', async (reference) => {
    const context = install(working);
    await expect(openKey(reference, context)).rejects.toMatchObject({ code: 'KEY_REFERENCE_INVALID' });
  });

  test('a scheme without a program, and one that is found only from where one stands', async () => {
    const { environment } = install(working);
    await expect(openKey('othercloud://x', { environment })).rejects.toMatchObject({
      code: 'KEY_PLUGIN_MISSING',
    });
    const relative = { environment: { ...environment, PATH: '.:bin' } };
    await expect(openKey('test://x', relative)).rejects.toMatchObject({ code: 'KEY_PLUGIN_MISSING' });
  });
});
