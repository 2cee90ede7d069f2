import { describe, expect, test } from 'vitest';
import { readLayer } from '../filesystem/layer.ts';
import { mergeLayers } from '../filesystem/tree.ts';
import { defaultLimits } from '../filesystem/types.ts';
import { parseImageConfig } from '../image/config.ts';
import { directory, file, type TestEntry, tar } from '../testing/tar.ts';
import { checkFiles } from './file-checks.ts';
import { checks, runChecks } from './run-checks.ts';

const options = { keep: checkFiles, digests: false, limits: defaultLimits };

/** Ids of the checks that fail, with what they found. */
async function failing(
  document: { config?: unknown; history?: unknown } | undefined,
  layers: readonly (readonly TestEntry[])[] = [],
  tag?: string,
): Promise<Record<string, string[]>> {
  const read = layers.map((entries) => readLayer(ReadableStream.from([tar(entries)]), options));
  const fileSystem = mergeLayers(await Promise.all(read));
  const config =
    document && parseImageConfig(Buffer.from(JSON.stringify({ ...document, rootfs: { diff_ids: [] } })));
  const results = runChecks({ fileSystem, config, tag });
  fileSystem.close();
  const failed = results.filter(({ status }) => status === 'failed');
  return Object.fromEntries(failed.map(({ id, occurrences }) => [id, occurrences.map(({ what }) => what)]));
}

/** An image nothing is wrong with. */
const good = { User: '65532', Healthcheck: { Test: ['CMD', '/app'] } };
const ran = (...steps: string[]) => ({
  config: good,
  history: ['ADD file:1 in / ', ...steps].map((created_by) => ({ created_by })),
});

test('an image nothing is wrong with fails nothing, and every check can fail: each id stands in these tests', async () => {
  expect(await failing({ config: good }, [[file('etc/passwd', 'root:x:0:0::/:/bin/sh\n')]])).toEqual({});
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
});

describe('the configuration', () => {
  test.each<[string, object, string]>([
    ['user-root', { ...good, User: '' }, 'no user is set'],
    ['user-root', { ...good, User: '0:0' }, 'the user is 0'],
    ['healthcheck-missing', { User: '1' }, 'no health check is set'],
    ['healthcheck-missing', { User: '1', Healthcheck: { Test: ['NONE'] } }, 'no health check is set'],
    ['secret-in-environment', { ...good, Env: ['DB_PASSWORD=hunter22'] }, 'the variable DB_PASSWORD'],
    ['secret-in-environment', { ...good, Env: ['X=AKIAIOSFODNN7EXAMPLE'] }, 'the variable X'],
    ['secret-in-environment', { ...good, Env: ['DSN=pg://u:pa55word@db/x'] }, 'the variable DSN'],
    ['volume-sensitive', { ...good, Volumes: { '/etc/ssl': {} } }, 'the volume /etc/ssl'],
  ])('%s: %j', async (id, config, what) => {
    expect(await failing({ config })).toEqual({ [id]: [what] });
  });

  test('what only speaks of a secret is none', async () => {
    const Env = [
      'PASSWORD_FILE=/run/x',
      'TOKEN=',
      'API_KEY=$KEY',
      'PASSWORD=/run/secrets/x',
      'KEYBOARD=de',
      'AUTH_TOKEN_TTL=3600',
    ];
    expect(await failing({ config: { ...good, Env } })).toEqual({});
  });

  test.each([
    ['secret-in-history', 'RUN |1 NPM_TOKEN=abcdefgh123 /bin/sh -c npm ci'],
    ['secret-in-history', 'RUN /bin/sh -c git clone https://u:abcdef@example.com/x # buildkit'],
    ['add-instruction', '/bin/sh -c #(nop) ADD dir:abc in /app '],
    ['add-instruction', 'ADD app.tar /app # buildkit'],
    ['update-alone', '/bin/sh -c apt-get -qq update'],
    [
      'dist-upgrade',
      'RUN /bin/sh -c apt-get update && apt-get install x && apt-get dist-upgrade -y # buildkit',
    ],
    ['sudo-in-history', 'RUN /bin/sh -c sudo make install # buildkit'],
  ])('%s: %s', async (id, step) => {
    const found = await failing(ran(step));
    expect(Object.keys(found)).toEqual([id]);
    expect(JSON.stringify(found)).not.toMatch(/abcdef/);
  });

  test('steps that do it right fail nothing', async () => {
    const steps = [
      'COPY app /app',
      'RUN apt-get update && apt-get install -y x',
      'ADD --checksum=sha256:1 https://x /y',
    ];
    expect(await failing(ran(...steps))).toEqual({});
  });

  test('the tag latest', async () => {
    expect(await failing({ config: good }, [], 'latest')).toEqual({ 'tag-latest': ['the tag is latest'] });
  });

  test('checks of a configuration are not run where there is none, and have not passed', () => {
    const results = runChecks({ fileSystem: mergeLayers([]) });
    expect(results.find(({ id }) => id === 'user-root')?.status).toBe('not-run');
    expect(results.find(({ id }) => id === 'setuid')?.status).toBe('passed');
  });
});

describe('files', () => {
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nx';
  test.each<[string, TestEntry[], string]>([
    ['password-empty', [file('etc/shadow', 'root::1:::::\nbin:*:1:::::\n')], 'etc/shadow: the user root'],
    ['user-duplicate', [file('etc/passwd', 'root:x:0:0:::\ntoor:x:0:0:::\n')], 'etc/passwd: the number 0'],
    ['user-duplicate', [file('etc/group', 'a:x:1:\na:x:2:\n')], 'etc/group: the name a'],
    ['setuid', [{ ...file('bin/su'), mode: 0o4755 }], 'bin/su: setuid'],
    ['setuid', [{ ...file('bin/wall'), mode: 0o2755 }], 'bin/wall: setgid'],
    [
      'file-capabilities',
      [{ ...file('bin/ping'), pax: { 'SCHILY.xattr.security.capability': 'x' } }],
      'bin/ping',
    ],
    ['world-writable', [{ ...file('etc/x'), mode: 0o666 }], 'etc/x'],
    ['world-writable', [{ ...directory('data'), mode: 0o777 }], 'data'],
    ['sudo-installed', [file('usr/bin/sudo')], 'usr/bin/sudo'],
    ['package-cache', [file('var/lib/apt/lists/x_InRelease')], 'var/lib/apt/lists: 1 files'],
    ['file-unnecessary', [file('app/.git/HEAD')], 'app/.git'],
    ['secret-in-layer', [file('root/.ssh/id_ed25519', key)], 'root/.ssh/id_ed25519'],
    ['secret-in-layer', [file('root/.npmrc', '//r/:_authToken=abc\n')], 'root/.npmrc'],
  ])('%s', async (id, entries, what) => {
    expect(await failing({ config: good }, [entries])).toEqual({ [id]: [what] });
  });

  test('a key that a later layer removes is still in the image', async () => {
    const found = await failing({ config: good }, [[file('k/id_rsa', key)], [file('k/.wh.id_rsa', '')]]);
    expect(found).toEqual({ 'secret-in-layer': ['k/id_rsa'] });
  });

  test('what looks alike and is right fails nothing', async () => {
    const entries = [
      { ...directory('tmp'), mode: 0o1777 },
      file('etc/ssl/cert.pem', '-----BEGIN CERTIFICATE-----'),
      file('root/.npmrc', '//r/:_authToken=$NPM_TOKEN\n'),
      file('var/lib/apt/lists/lock', ''),
      file('etc/shadow', 'root:*:1:::::\n'),
    ];
    expect(await failing({ config: good }, [entries])).toEqual({});
  });
});
