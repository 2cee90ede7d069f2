import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { environmentKeychain } from './docker-config.ts';
import type { Helper } from './helper.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const entry = (name: string) => ({ auth: base64(`${name}:secret-of-${name}`) });
const unreadable = expect.objectContaining({ code: 'OCI_CREDENTIALS_UNREADABLE', kind: 'auth' });

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'oci-auth-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A keychain over one REGISTRY_AUTH_FILE. */
function keychain(config: unknown, helper?: Helper) {
  const file = join(temporary(), 'auth.json');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  return environmentKeychain({ REGISTRY_AUTH_FILE: file }, helper);
}

describe('which credentials a repository gets', () => {
  const auths = {
    'r.example': entry('host'),
    'r.example/team': entry('team'),
    'r.example/team/app': entry('app'),
    'r.example:5000': entry('port'),
  };
  test.each([
    ['r.example', 'other', 'host'],
    ['r.example', 'team/x', 'team'],
    ['r.example', 'team/app', 'app'],
    ['r.example', 'team/app/deep', 'app'],
    ['r.example', 'teamwork', 'host'],
    ['r.example:5000', 'team/app', 'port'],
    ['other.example', 'team/app', undefined],
    ['example', 'team', undefined],
    ['r.example.evil', 'team', undefined],
  ])('%s/%s', async (registry, repository, username) => {
    const found = await keychain({ auths }).resolve(registry, repository);
    expect(found).toEqual(username && { username, password: `secret-of-${username}` });
  });

  test.each([
    'https://index.docker.io/v1/',
    'docker.io',
    'index.docker.io',
    'https://registry-1.docker.io',
    'docker.io/library/alpine',
    'index.docker.io/library',
  ])('Docker Hub under its name %s', async (key) => {
    expect(
      await keychain({ auths: { [key]: entry('hub') } }).resolve('index.docker.io', 'library/alpine'),
    ).toMatchObject({ username: 'hub' });
  });

  test.each([
    ['https://r.example', { username: 'a', password: 'b' }, { username: 'a', password: 'b' }],
    ['r.example', { auth: base64('a:b:c') }, { username: 'a', password: 'b:c' }],
    ['r.example', { auth: base64('a:b\0\0') }, { username: 'a', password: 'b' }],
    ['r.example', { auth: base64('a:'), identitytoken: 'i' }, { username: 'a', identityToken: 'i' }],
    ['r.example', { registrytoken: 't' }, { registryToken: 't' }],
    ['r.example', {}, undefined],
    ['r.example', null, undefined],
  ])('an entry %s of the form %j', async (key, value, expected) => {
    expect(await keychain({ auths: { [key]: value } }).resolve('r.example', 'app')).toEqual(expected);
  });

  test('a file without any', async () => {
    for (const config of [{}, { auths: null }, { auths: {}, credsStore: '', HttpHeaders: {}, other: [1] }]) {
      expect(await keychain(config).resolve('r.example', 'app')).toBeUndefined();
    }
  });
});

describe('which file is read', () => {
  test('in the order Docker and Podman have', async () => {
    const home = temporary();
    const put = (path: string, name: string) => {
      mkdirSync(join(home, path, '..'), { recursive: true });
      writeFileSync(join(home, path), JSON.stringify({ auths: { 'r.example': entry(name) } }));
    };
    const environment: NodeJS.ProcessEnv = { HOME: home, XDG_RUNTIME_DIR: join(home, 'run') };
    const found = async () => (await environmentKeychain(environment).resolve('r.example', 'app'))?.username;
    expect(await found()).toBeUndefined();
    put('.config/containers/auth.json', 'podman-home');
    expect(await found()).toBe('podman-home');
    put('run/containers/auth.json', 'podman-run');
    expect(await found()).toBe('podman-run');
    put('.docker/config.json', 'docker');
    expect(await found()).toBe('docker');
    put('elsewhere/config.json', 'docker-config');
    environment.DOCKER_CONFIG = join(home, 'elsewhere');
    expect(await found()).toBe('docker-config');
    put('named.json', 'named');
    environment.REGISTRY_AUTH_FILE = join(home, 'named.json');
    expect(await found()).toBe('named');
  });

  test('a file that was named must be there', async () => {
    const missing = environmentKeychain({ REGISTRY_AUTH_FILE: join(temporary(), 'none.json') });
    await expect(missing.resolve('r.example', 'app')).rejects.toThrow(unreadable);
  });

  test.each([
    ['not JSON', '{"auths":'],
    ['auths a text', '{"auths":"x"}'],
    ['auth a number', '{"auths":{"r.example":{"auth":5}}}'],
    ['auth not base64 of name and password', `{"auths":{"r.example":{"auth":"${base64('s3cr3t')}"}}}`],
    ['a helper with a path', '{"credsStore":"../../tmp/evil"}'],
    ['a helper with a space', '{"credHelpers":{"r.example":"x y"}}'],
    ['the same key twice', '{"auths":{},"auths":{}}'],
  ])('a damaged one is named, its secrets are not: %s', async (_, text) => {
    const error = await keychain(text)
      .resolve('r.example', 'app')
      .catch((thrown: unknown) => thrown);
    expect(error).toEqual(unreadable);
    expect((error as Error).message).not.toMatch(/s3cr3t|czNjcjN0/);
  });
});

describe('credential helpers', () => {
  test('the one of the registry comes before the store for all, files before the store', async () => {
    const asked: string[] = [];
    const helper: Helper = async (name, server) => {
      asked.push(`${name} ${server}`);
      return name === 'special' || server === 'stored.example'
        ? { username: name, password: 'p' }
        : undefined;
    };
    const config = {
      auths: { 'filed.example': entry('file'), 'stored.example': {} },
      credsStore: 'store',
      credHelpers: { 'special.example': 'special' },
    };
    const chain = keychain(config, helper);
    expect(await chain.resolve('special.example', 'app')).toMatchObject({ username: 'special' });
    expect(await chain.resolve('filed.example', 'app')).toMatchObject({ username: 'file' });
    expect(await chain.resolve('stored.example', 'app')).toMatchObject({ username: 'store' });
    expect(await chain.resolve('none.example', 'app')).toBeUndefined();
    expect(asked).toEqual([
      'special special.example',
      'store stored.example',
      'store none.example',
      'store https://none.example',
    ]);
  });

  function withProgram(script: string) {
    const directory = temporary();
    const program = join(directory, 'docker-credential-test');
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
    const file = join(directory, 'config.json');
    writeFileSync(file, JSON.stringify({ credHelpers: { 'r.example': 'test' } }));
    return environmentKeychain({
      REGISTRY_AUTH_FILE: file,
      PATH: `${directory}${delimiter}${process.env.PATH}`,
    });
  }

  test.each([
    [
      'a password',
      `test "$1 $(cat)" = "get r.example" && echo '{"ServerURL":"x","Username":"u","Secret":"p"}'`,
      { username: 'u', password: 'p' },
    ],
    ['an identity token', `echo '{"Username":"<token>","Secret":"t"}'`, { identityToken: 't' }],
    ['nothing', 'echo "credentials not found in native keychain"; exit 1', undefined],
    ['an empty secret', `echo '{"Username":"","Secret":""}'`, undefined],
  ])('a program that has %s', async (_, script, expected) => {
    expect(await withProgram(script).resolve('r.example', 'app')).toEqual(expected);
  });

  test.each([
    ['fails', 'echo SECRET-OUT; echo SECRET-ERR >&2; exit 3'],
    ['prints something else', 'echo SECRET-OUT'],
    ['prints without end', 'yes SECRET-OUT'],
  ])('a program that %s is a fault which shows nothing of its output', async (_, script) => {
    const error = await withProgram(script)
      .resolve('r.example', 'app')
      .catch((thrown: unknown) => thrown);
    expect(error).toEqual(unreadable);
    expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toContain('SECRET');
  });

  test('a program that is not installed is named', async () => {
    await expect(keychain({ credsStore: 'no-such-helper-here' }).resolve('r.example', 'app')).rejects.toThrow(
      /docker-credential-no-such-helper-here/,
    );
  });
});

test.skipIf(!existsSync('/dev/zero'))('a file of credentials that never ends is none', async () => {
  const endless = environmentKeychain({ REGISTRY_AUTH_FILE: '/dev/zero' });
  await expect(endless.resolve('r.example', 'app')).rejects.toThrow(unreadable);
});
