import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createSelfSigned } from '@pratique/crypto';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { kubernetesKeychain, namespaceSecrets, pullSecretKeychain } from './kubernetes.ts';

const certificate = createSelfSigned({ names: ['127.0.0.1'] });
const stranger = createSelfSigned({ names: ['127.0.0.1'] });
const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const entry = (name: string) => ({ auth: base64(`${name}:secret-of-${name}`) });
const tokenOf = (sub: unknown) =>
  `e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.signature`;
const token = tokenOf('system:serviceaccount:team:builder');

const json = (auths: unknown) => ({
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': base64({ auths }) },
});
const old = (auths: unknown) => ({ type: 'kubernetes.io/dockercfg', data: { '.dockercfg': base64(auths) } });

const unreadable = expect.objectContaining({ code: 'OCI_CREDENTIALS_UNREADABLE' });
const accountPath = '/api/v1/namespaces/team/serviceaccounts/builder';
const secretPath = (name: string) => `/api/v1/namespaces/team/secrets/${name}`;

let server: Server;
let directory: string;
/** What the API server has; a number is a status it answers with. */
let objects: Record<string, unknown>;
let asked: { path: string | undefined; authorization: string | undefined }[];

beforeEach(async () => {
  [objects, asked] = [{}, []];
  directory = mkdtempSync(join(tmpdir(), 'oci-kubernetes-'));
  writeFileSync(join(directory, 'token'), `${token}\n`);
  writeFileSync(join(directory, 'ca.crt'), certificate.caPem);
  const tls = { cert: certificate.certificatePem, key: certificate.privateKeyPem };
  server = createServer(tls, ({ url, headers }, response) => {
    asked.push({ path: url, authorization: headers.authorization });
    const object = objects[url ?? ''] ?? 404;
    response.statusCode = typeof object === 'number' ? object : 200;
    response.end(typeof object === 'string' ? object : JSON.stringify(object));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

function inCluster(): NodeJS.ProcessEnv {
  const { port } = server.address() as AddressInfo;
  return { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) };
}

function keychain(environment: NodeJS.ProcessEnv = {}) {
  return kubernetesKeychain({ ...inCluster(), ...environment }, directory);
}

function account(...names: string[]): void {
  objects[accountPath] = { kind: 'ServiceAccount', imagePullSecrets: names.map((name) => ({ name })) };
}

describe('the credentials a repository gets', () => {
  beforeEach(() => {
    account('new', 'old', 'opaque');
    objects[secretPath('new')] = json({
      'r.example': entry('host'),
      'r.example/team': entry('team'),
      'https://index.docker.io/v1/': entry('hub'),
    });
    objects[secretPath('old')] = old({ 'old.example': entry('old'), 'r.example/last': entry('last') });
    objects[secretPath('opaque')] = { type: 'Opaque', data: { '.dockerconfigjson': base64({ auths: 5 }) } };
  });

  test.each([
    ['r.example', 'other', 'host'],
    ['r.example', 'team/app', 'team'],
    ['r.example', 'last', 'last'],
    ['old.example', 'app', 'old'],
    ['index.docker.io', 'library/alpine', 'hub'],
    ['r.example.evil', 'team/app', undefined],
  ])('%s/%s', async (registry, repository, username) => {
    const found = await keychain().resolve(registry, repository);
    expect(found).toEqual(username && { username, password: `secret-of-${username}` });
  });

  test('are asked for with the token of the account, once for many repositories', async () => {
    const chain = keychain();
    await Promise.all([chain.resolve('r.example', 'a'), chain.resolve('old.example', 'b')]);
    await chain.resolve('r.example', 'c');
    expect(asked.map(({ path }) => path).sort()).toEqual(
      [accountPath, secretPath('new'), secretPath('old'), secretPath('opaque')].sort(),
    );
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${token}`]));
  });
});

test('an account without pull secrets has no credentials', async () => {
  for (const object of [{}, { imagePullSecrets: null }, { imagePullSecrets: [] }]) {
    objects[accountPath] = object;
    expect(await keychain().resolve('r.example', 'app')).toBeUndefined();
  }
});

describe('is a fault, never "no credentials"', () => {
  test.each([
    ['an account that may not be read', () => (objects[accountPath] = 403)],
    ['an account that is not there', () => delete objects[accountPath]],
    ['an API server that fails', () => (objects[accountPath] = 503)],
    ['an API server that leads elsewhere', () => (objects[accountPath] = 302)],
    ['an account that is no JSON', () => (objects[accountPath] = '{"imagePullSecrets":')],
    ['a secret that is not there', () => account('missing')],
    ['a secret that may not be read', () => (objects[secretPath('one')] = 403)],
    [
      'a secret without what its type says',
      () => (objects[secretPath('one')] = { type: 'kubernetes.io/dockercfg' }),
    ],
    ['a secret whose JSON is damaged', () => (objects[secretPath('one')] = old('{"r.example":'))],
    [
      'a secret whose entry is damaged',
      () => (objects[secretPath('one')] = json({ 'r.example': { auth: 's3cr3t' } })),
    ],
    ['a secret named as a step in a path', () => account('..')],
    ['a secret named as a path', () => account('a/../../secrets/b')],
    ['too many secrets', () => account(...Array.from({ length: 51 }, (_, index) => `s${index}`))],
    [
      'a token of no service account',
      () => writeFileSync(join(directory, 'token'), tokenOf('system:node:one')),
    ],
    [
      'a token of a service account with a path',
      () => writeFileSync(join(directory, 'token'), tokenOf('system:serviceaccount:..:x')),
    ],
    ['no token', () => rmSync(join(directory, 'token'))],
    ['no authority', () => rmSync(join(directory, 'ca.crt'))],
  ])('%s', async (_, damage) => {
    account('one');
    objects[secretPath('one')] = json({ 'r.example': entry('host') });
    damage();
    const error = await keychain()
      .resolve('r.example', 'app')
      .catch((thrown: unknown) => thrown);
    expect(error).toEqual(unreadable);
    expect((error as Error).message).not.toContain('s3cr3t');
    expect((error as Error).message).not.toContain(token);
  });

  test('an answer without end', async () => {
    objects[accountPath] = `{"imagePullSecrets":[],"x":"${'x'.repeat(5 * 1024 * 1024)}"}`;
    await expect(keychain().resolve('r.example', 'app')).rejects.toMatchObject({ code: 'OCI_SIZE_EXCEEDED' });
  });

  test('an API server of another authority, which does not get the token', async () => {
    account();
    writeFileSync(join(directory, 'ca.crt'), stranger.caPem);
    // Not even where this machine trusts that other authority.
    const usual = getCACertificates('default');
    setDefaultCACertificates([certificate.caPem]);
    onTestFinished(() => setDefaultCACertificates(usual));
    await expect(keychain().resolve('r.example', 'app')).rejects.toMatchObject({ code: 'OCI_TLS_UNTRUSTED' });
    expect(asked).toEqual([]);
  });

  test.each([
    { KUBERNETES_SERVICE_HOST: '' },
    { KUBERNETES_SERVICE_PORT: '' },
    { KUBERNETES_SERVICE_PORT: 'x' },
  ])('not running in a cluster: %j', async (environment) => {
    await expect(keychain(environment).resolve('r.example', 'app')).rejects.toEqual(unreadable);
  });

  test('and not remembered', async () => {
    const chain = keychain();
    objects[accountPath] = 503;
    await expect(chain.resolve('r.example', 'app')).rejects.toEqual(unreadable);
    account('one');
    objects[secretPath('one')] = json({ 'r.example': entry('host') });
    expect(await chain.resolve('r.example', 'app')).toMatchObject({ username: 'host' });
  });
});

test('credential helpers named in a secret are not run', async () => {
  account('one');
  const config = { auths: {}, credsStore: 'evil', credHelpers: { 'r.example': 'evil' } };
  objects[secretPath('one')] = {
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64(config) },
  };
  expect(await keychain().resolve('r.example', 'app')).toBeUndefined();
});

describe('pull secrets of a namespace', () => {
  const secret = (namespace: string, name: string) => `/api/v1/namespaces/${namespace}/secrets/${name}`;

  test('are those of that namespace, and read once', async () => {
    objects[secret('web', 'one')] = json({ 'r.example': entry('web') });
    objects[secret('shop', 'one')] = json({ 'r.example': entry('shop') });
    const secrets = namespaceSecrets(inCluster(), directory);
    for (const namespace of ['web', 'shop', 'web'])
      expect(await secrets(namespace, ['one']).resolve('r.example', 'a')).toMatchObject({
        username: namespace,
      });
    expect(asked.map(({ path }) => path)).toEqual([secret('web', 'one'), secret('shop', 'one')]);
  });

  test.each([
    ['one that is not there', 'web', ['gone']],
    ['one of several that is not there', 'web', ['one', 'gone']],
    ['a namespace that is a path', '../team', ['one']],
    ['a namespace that is none', '', ['one']],
    ['a name that is a path', 'web', ['../../shop/secrets/one']],
  ])('%s is a fault', async (_what, namespace, names) => {
    objects[secret('web', 'one')] = json({ 'r.example': entry('web') });
    objects[secret('shop', 'one')] = json({ 'r.example': entry('shop') });
    await expect(
      namespaceSecrets(inCluster(), directory)(namespace, names).resolve('r.example', 'a'),
    ).rejects.toEqual(unreadable);
  });
});

describe('a pull secret at hand', () => {
  const of = (key: string, text: string) => [{ name: 'one', texts: new Map([[key, text]]) }];

  test('has credentials in both forms', async () => {
    const auths = { 'r.example': entry('me') };
    for (const secrets of [
      of('.dockerconfigjson', JSON.stringify({ auths })),
      of('.dockercfg', JSON.stringify(auths)),
    ]) {
      expect(await pullSecretKeychain(secrets).resolve('r.example', 'a')).toMatchObject({ username: 'me' });
      expect(await pullSecretKeychain(secrets).resolve('other.example', 'a')).toBeUndefined();
    }
  });

  test.each([
    ['another kind of secret', 'cosign.pub', 'x'],
    ['what is no JSON', '.dockerconfigjson', '{'],
    ['credentials that are none', '.dockercfg', '{"r.example": "s3cr3t"}'],
  ])('%s is refused', (_what, key, text) => {
    expect(() => pullSecretKeychain(of(key, text))).toThrow(unreadable);
    expect(() => pullSecretKeychain(of(key, text))).not.toThrow(/s3cr3t/);
  });
});
