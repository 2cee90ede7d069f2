import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  createSelfSigned,
  formatPublicKey,
  formatSigningKey,
  generateSigningKey,
  parseSigningKey,
  verifySignature,
} from '@pratique/crypto';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createKey, openKey, openPublicKey } from '../open.ts';
import { type Answer, type Asked, startService } from '../testing/service.ts';

const data = new TextEncoder().encode('signed with a key in a secret');
const token = 'very-secret-token';
const key = generateSigningKey();
const path = '/api/v1/namespaces/team/secrets/signing';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = {
  data: {
    'cosign.key': base64(formatSigningKey(key, 'pass word')),
    'cosign.password': base64('pass word'),
    'cosign.pub': base64(formatPublicKey(key.publicKey)),
  },
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keys-kubernetes-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

function kubeconfig(url: string, more: { cluster?: object; user?: object; file?: object } = {}): object {
  return {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: url, ...more.cluster } }],
    users: [{ name: 'u', user: more.user ?? { token } }],
    ...more.file,
  };
}

/** A context whose KUBECONFIG is a file of this (JSON is YAML). */
function written(config: object | string) {
  const file = join(directory, 'config');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  return { environment: { KUBECONFIG: file } as NodeJS.ProcessEnv };
}

async function start(answer: (asked: Asked) => Answer) {
  const { url, asked } = await startService(answer);
  return { url, asked, context: written(kubeconfig(url)) };
}

const holds = (asked: Asked): Answer =>
  asked.headers.authorization === `Bearer ${token}` ? (asked.path === path ? secret : 404) : 401;

async function failure(of: Promise<unknown>): Promise<Error & { code: string }> {
  const error = (await of.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )) as Error & { code: string };
  expect(error).toBeInstanceOf(Error);
  for (const hidden of [token, 'pass word', secret.data['cosign.key']])
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain(hidden);
  return error;
}

describe('a key pair in a secret', () => {
  test('signs what verifies, and its public half needs no private one', async () => {
    const { context } = await start(holds);
    const opened = await openKey('k8s://team/signing', context);
    expect(verifySignature(key.publicKey, data, await opened.sign(data))).not.toBeNull();
    const only = await start(() => ({ data: { 'cosign.pub': secret.data['cosign.pub'] } }));
    expect((await openPublicKey('k8s://team/signing', only.context)).fingerprint).toBe(
      key.publicKey.fingerprint,
    );
  });

  test('is made as cosign makes it: immutable, with its password', async () => {
    const { context, asked } = await start(() => ({}));
    const { publicKey } = await createKey('k8s://team/signing', context, async () => 'new');
    const [{ method, path: to, body }] = asked as [Asked];
    expect([method, to]).toEqual(['POST', '/api/v1/namespaces/team/secrets']);
    expect(body).toMatchObject({
      apiVersion: 'v1',
      kind: 'Secret',
      immutable: true,
      metadata: { name: 'signing', namespace: 'team' },
      data: { 'cosign.password': base64('new'), 'cosign.pub': base64(formatPublicKey(publicKey)) },
    });
    const pem = Buffer.from((body as typeof secret).data['cosign.key'], 'base64').toString();
    expect(parseSigningKey(pem, 'new').publicKey.fingerprint).toBe(publicKey.fingerprint);
  });

  test('is never replaced', async () => {
    const { context, asked } = await start(() => 409);
    const created = createKey('k8s://team/signing', context, async () => '');
    expect((await failure(created)).code).toBe('KEY_EXISTS');
    expect(asked).toHaveLength(1);
  });
});

describe('is no key', () => {
  test.each<[string, (asked: Asked) => Answer, string]>([
    ['a secret that is not there', () => 404, 'KEY_NOT_FOUND'],
    ['a secret that may not be read', () => 403, 'KEY_SERVICE_REFUSED'],
    ['an API server that leads elsewhere', () => 302, 'KEY_SERVICE_REFUSED'],
    ['a secret without data', () => ({}), 'KEY_SERVICE_ANSWER'],
    ['a secret without the key', () => ({ data: {} }), 'KEY_NOT_FOUND'],
    [
      'a key that is no base64',
      () => ({ data: { ...secret.data, 'cosign.key': '***' } }),
      'KEY_SERVICE_ANSWER',
    ],
    [
      'a key that is no PEM',
      () => ({ data: { ...secret.data, 'cosign.key': base64('pass word') } }),
      'KEY_SERVICE_ANSWER',
    ],
    [
      'a key under another password',
      () => ({ data: { ...secret.data, 'cosign.password': base64('other') } }),
      'KEY_PASSWORD_WRONG',
    ],
    ['a secret that is no JSON', () => '{"data":', 'KEY_SERVICE_ANSWER'],
  ])('%s', async (_, answer, code) => {
    const { context } = await start(answer);
    expect((await failure(openKey('k8s://team/signing', context))).code).toBe(code);
  });

  test.each([
    'k8s://',
    'k8s://team',
    'k8s://team/',
    'k8s://team/a/b',
    'k8s://../x',
    'k8s://team/..',
    'k8s://Team/x',
    'k8s://team/a?b',
    'k8s://team/%2e',
  ])('%s', async (reference) => {
    const { context, asked } = await start(holds);
    expect((await failure(openKey(reference, context))).code).toBe('KEY_REFERENCE_INVALID');
    expect(asked).toEqual([]);
  });
});

describe('the kubeconfig', () => {
  const tls = createSelfSigned({ names: ['127.0.0.1'] });
  const stranger = createSelfSigned({ names: ['127.0.0.1'] });
  const server = { cert: tls.certificatePem, key: tls.privateKeyPem };
  const data64 = { 'certificate-authority-data': base64(tls.caPem) };

  test('says whose authority the API server must be of: another one does not get the token', async () => {
    const { url, asked } = await startService(holds, server);
    const good = written(kubeconfig(url, { cluster: data64 }));
    expect((await openPublicKey('k8s://team/signing', good)).bits).toBe(256);
    asked.length = 0;
    const other = { 'certificate-authority-data': base64(stranger.caPem) };
    const bad = written(kubeconfig(url, { cluster: other }));
    expect((await failure(openPublicKey('k8s://team/signing', bad))).code).toBe('KEY_SERVICE_UNREACHABLE');
    expect(asked).toEqual([]);
  });

  test('may name files, found from where it stands, and be of several parts of which the first counts', async () => {
    const { url } = await startService(holds, server);
    writeFileSync(join(directory, 'ca.pem'), tls.caPem);
    writeFileSync(join(directory, 'token'), `${token}\n`);
    const first = join(directory, 'first');
    const users = [{ name: 'u', user: { tokenFile: 'token' } }];
    writeFileSync(first, JSON.stringify({ users, contexts: null }));
    const { environment } = written(
      kubeconfig(url, { cluster: { 'certificate-authority': 'ca.pem' }, user: {} }),
    );
    const merged = { environment: { KUBECONFIG: [first, environment['KUBECONFIG']].join(delimiter) } };
    expect((await openPublicKey('k8s://team/signing', merged)).bits).toBe(256);
  });

  test.each<[string, object | string]>([
    ['that is no YAML', `token: "${token}\n\t- x`],
    ['without a current context', kubeconfig('https://127.0.0.1:1', { file: { 'current-context': '' } })],
    ['without its cluster', kubeconfig('https://127.0.0.1:1', { file: { clusters: [] } })],
    ['without its user', kubeconfig('https://127.0.0.1:1', { file: { users: null } })],
    [
      'that trusts anybody',
      kubeconfig('https://127.0.0.1:1', { cluster: { 'insecure-skip-tls-verify': true } }),
    ],
    ['that sends the token in the clear', kubeconfig('http://cluster.example.com')],
    ['that logs in with a program', kubeconfig('https://127.0.0.1:1', { user: { exec: { command: 'x' } } })],
    [
      'that logs in with a password',
      kubeconfig('https://127.0.0.1:1', { user: { username: 'u', password: token } }),
    ],
    ['whose token file is not there', kubeconfig('https://127.0.0.1:1', { user: { tokenFile: 'none' } })],
    ['of another form', { contexts: 'x' }],
    ['with an address that is none', kubeconfig('cluster')],
  ])('%s is refused', async (_, config) => {
    expect((await failure(openPublicKey('k8s://team/signing', written(config)))).code).toBe(
      'KEY_SERVICE_CONFIG',
    );
  });

  test.each<[string, NodeJS.ProcessEnv]>([
    ['is not there', { KUBECONFIG: '/nowhere/config' }],
    ['is not named, and this is no cluster', { HOME: '/nowhere' }],
  ])('%s: refused', async (_, environment) => {
    const opened = openPublicKey('k8s://team/signing', { environment });
    expect((await failure(opened)).code).toBe('KEY_SERVICE_CONFIG');
  });
});
