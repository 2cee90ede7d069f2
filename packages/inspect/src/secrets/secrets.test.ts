import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keepAny } from '../filesystem/keep.ts';
import { readLayer } from '../filesystem/layer.ts';
import { mergeLayers } from '../filesystem/tree.ts';
import { defaultLimits, type KeepRule, type LayerEntry } from '../filesystem/types.ts';
import { secretSample, secretSamples } from '../testing/secrets.ts';
import { file, type TestEntry, tar } from '../testing/tar.ts';
import { findSecrets, type SecretFinding } from './find-secrets.ts';
import { secretRules } from './rules/index.ts';
import { secretSearch } from './search.ts';
import { secretFiles } from './shipped.ts';

const samples = secretSamples();
const sample = (rule: string): string => secretSample(rule);
/** Where a kind is looked for in some files only. */
const paths: Readonly<Record<string, string>> = { 'maven-settings-password': 'root/.m2/settings.xml' };

/** What is found in a file that comes in pieces of a size. */
function search(text: string | Uint8Array, path = 'app/config', piece = Number.POSITIVE_INFINITY) {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const searching = secretSearch.start({ path, size: bytes.length } as LayerEntry);
  for (let at = 0; at < bytes.length; at += piece)
    searching?.write(bytes.subarray(at, Math.min(at + piece, bytes.length)));
  return searching?.finish()?.matches ?? [];
}

const rulesIn = (text: string | Uint8Array, path?: string): string[] =>
  search(text, path).map(({ rule }) => rule);

async function image(...layers: readonly (readonly TestEntry[])[]): Promise<readonly SecretFinding[]> {
  const options = { keep: secretFiles, digests: false, limits: defaultLimits };
  const read = layers.map((entries) => readLayer(ReadableStream.from([tar(entries)]), options));
  const fileSystem = mergeLayers(await Promise.all(read));
  try {
    return findSecrets(fileSystem);
  } finally {
    fileSystem.close();
  }
}

describe('every kind of secret', () => {
  test('has a sample', () => {
    expect([...samples.keys()].sort()).toEqual(secretRules.map(({ id }) => id).sort());
  });

  test.each(secretRules.map(({ id }) => id))(
    '%s is found, among other text, in any line, and not when three quarters of it are gone',
    (id) => {
      const secret = sample(id);
      const path = paths[id];
      expect(rulesIn(secret.padEnd(20), path)).toContain(id);
      const text = `# settings\nname = app\nvalue: ${secret}\nother = 1\n`;
      expect(search(text, path)).toContainEqual({ rule: id, line: 3 });
      const quarter = secret.slice(0, Math.floor(secret.length / 4));
      expect(rulesIn(`value: ${quarter}\nother = 1\n`, path)).not.toContain(id);
    },
  );

  test.each(secretRules.map(({ id }) => id))(
    '%s is found whatever was drawn, and whatever stands around it',
    (id) => {
      fc.assert(
        fc.property(
          fc.string({ maxLength: 8 }),
          fc.stringMatching(/^[\w \t\n"'=:;,.-]{0,200}$/),
          (seed, around) => {
            const secret = secretSample(id, seed);
            expect(rulesIn(`${around}\n"${secret}"\n${around}`, paths[id])).toContain(id);
          },
        ),
        { numRuns: 25 },
      );
    },
  );
});

describe('what is none is not found', () => {
  test.each([
    ['a key ID of the documentation', `AKIA${'IOSFODNN7EXAMPLE'}`],
    ['crosses in place of a token', `ghp_${'x'.repeat(36)}`],
    ['digits in their order', `ghp_${'1234567890'.repeat(4).slice(0, 36)}`],
    ['the header of a key without a key', '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----'],
    ['the name of a header', 'grep -q -- "-----BEGIN RSA PRIVATE KEY-----" file || exit 1'],
    ['a certificate', `-----BEGIN CERTIFICATE-----\n${'MIIBszCCARyg'.repeat(6)}\n-----END CERTIFICATE-----`],
    ['a public key', `-----BEGIN PUBLIC KEY-----\n${'MFkwEwYHKoZI'.repeat(6)}\n-----END PUBLIC KEY-----`],
    ['part of a longer word', `XX${sample('aws-access-key-id')}`],
    ['a longer word', `${sample('github-pat')}AAA`],
    ['a token without a header', `eyJ${'x'.repeat(20)}.eyJ${'y'.repeat(20)}.${'z'.repeat(43)}`],
    ['a hash under the name of a secret', `secret_key = ${createHash('sha1').update('x').digest('hex')}`],
    ['a password that everybody uses', 'postgres://postgres:postgres@localhost/app'],
    ['another one', 'mysql://root:my-secret-pw@db/app'],
    ['a variable in an address', `postgres://app:${'$'}{PASSWORD}@db/app`],
  ])('%s', (_, text) => {
    expect(rulesIn(`value = "${text}"\n`)).toEqual([]);
  });

  test('nor a password of Maven in any other file, or one that is encrypted or a variable', () => {
    const password = sample('maven-settings-password');
    expect(rulesIn(password, 'app/pom.xml')).toEqual([]);
    expect(rulesIn('<password>{COQLCE6DU6GtcS5P=}</password>', paths['maven-settings-password'])).toEqual([]);
    expect(rulesIn(`<password>${'$'}{env.PASSWORD}</password>`, paths['maven-settings-password'])).toEqual(
      [],
    );
  });

  test('nor anything in tests, examples and documents of packages, but in their code', () => {
    const key = sample('private-key');
    for (const path of [
      'app/node_modules/tls/test/key.pem',
      'app/node_modules/tls/README.md',
      'usr/lib/python3/dist-packages/tornado/test/test.key',
      'usr/local/lib/python3.13/test/certdata/keycert.pem',
      'usr/lib/python3/dist-packages/jwt-2.6.0.egg-info/PKG-INFO',
      'opt/gems/x-1.0/spec/fixtures/key.pem',
      'root/go/pkg/mod/example.org/x@v1.0.0/testdata/key.pem',
    ])
      expect(rulesIn(key, path)).toEqual([]);
    for (const path of ['app/node_modules/tls/lib/key.js', 'app/tests/key.pem', 'srv/README.md'])
      expect(rulesIn(key, path)).toEqual(['private-key']);
  });
});

describe('where it is', () => {
  test('in files that are no text only what cannot be mistaken, and no line', () => {
    const binary = (secret: string) => Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(`${secret}\0`)]);
    expect(search(binary(sample('github-pat')), 'app/__pycache__/x.pyc')).toEqual([
      { rule: 'github-pat', line: null },
    ]);
    expect(rulesIn(binary(sample('heroku-api-key')))).toEqual([]);
    expect(rulesIn(binary(sample('private-key')))).toEqual([]);
  });

  test('the pieces in which a file comes change nothing', () => {
    const all = [...samples]
      .slice(0, 40)
      .map(([, secret], index) => `${'line\n'.repeat(index % 7)}x: ${secret}\n`)
      .join('\n');
    const whole = search(all);
    expect(new Set(whole.map(({ rule }) => rule)).size).toBe(40);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), (piece) => {
        expect(search(all, 'app/config', piece)).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  test('a file of many pieces is searched across their borders, and lines go on', () => {
    const token = sample('github-pat');
    const piece = 1024 * 1024;
    for (const border of [piece - 6 * 1024, piece])
      for (const before of [-60, -39, -20, -1, 0, 1]) {
        const filler = 'some text of no interest, sixty-four characters with the break\n';
        const head = filler.repeat(Math.ceil(border / filler.length)).slice(0, border + before - 1);
        const text = `${head}\n${token}\n${filler.repeat(20_000)}${token}\n`;
        const line = head.split('\n').length + 1;
        for (const size of [512 * 1024, 100_000])
          expect(search(text, 'app/log', size)).toEqual([
            { rule: 'github-pat', line },
            { rule: 'github-pat', line: line + 20_001 },
          ]);
      }
  });

  test('what a border cuts off is no end of a token', () => {
    const token = sample('github-pat');
    const head = 'a line of text\n'.repeat(80_000).slice(0, 1024 * 1024 - token.length);
    expect(search(`${head.slice(0, -1)}\n${token}${'A'.repeat(20_000)}`, 'app/log', 512 * 1024)).toEqual([]);
  });

  test('digests are of whole files, or there are none', () => {
    const digests = (text: string) => {
      const searching = secretSearch.start({ path: 'x', size: text.length } as LayerEntry)!;
      searching.write(Buffer.from(text));
      return searching.finish()!.digests;
    };
    const small = `token: ${sample('github-pat')}\n`;
    expect(digests(small)).toEqual(
      ['md5', 'sha1', 'sha256'].map((name) => createHash(name).update(small).digest('hex')),
    );
    expect(digests(small.padEnd(3_000_000, ' x'))).toEqual([]);
  });

  test('whatever else is kept of an image, its files are searched', async () => {
    const passwd: KeepRule = {
      id: 'passwd',
      keep: ({ path }) => (path === 'etc/passwd' ? 'whole' : undefined),
    };
    const options = { keep: keepAny(passwd, secretFiles), digests: false, limits: defaultLimits };
    const content = tar([
      file('etc/passwd', 'root:x:0:0::/:/bin/sh\n'),
      file('app/key', sample('private-key')),
    ]);
    const layer = await readLayer(ReadableStream.from([content]), options);
    expect(layer.entries.map(({ content: kept, found }) => [kept !== undefined, found?.matches])).toEqual([
      [true, undefined],
      [false, [{ rule: 'private-key', line: 1 }]],
    ]);
    layer.close();
    expect(() => keepAny(secretFiles, { ...passwd, search: { start: () => undefined } })).toThrow(
      'two rules',
    );
  });

  test('a file that became shorter while it was read is searched to its end', () => {
    const searching = secretSearch.start({ path: 'x', size: 5000 } as LayerEntry)!;
    searching.write(Buffer.from(`token: ${sample('github-pat')}\n`));
    expect(searching.finish()?.matches).toEqual([{ rule: 'github-pat', line: 1 }]);
  });

  test('a file of nothing but beginnings is not searched to its end, which is told', () => {
    for (const word of ['ghs_', 'AKIA', '.eyJ', 'glpat-', '-----BEGIN '])
      expect(search(word.repeat(Math.ceil(3_000_000 / word.length)), 'x', 512 * 1024)).toEqual([
        { rule: 'not-searched', line: 1 },
      ]);
    // Where words are no more than what text has of them, nothing is left out.
    const css =
      '.button { background: linear-gradient(90deg, #1da1f2, #4267b2) } /* twitter, facebook, linkedin */\n';
    const token = sample('github-pat');
    expect(search(`${css.repeat(20_000)}${token}\n`, 'app/x.css', 512 * 1024)).toEqual([
      { rule: 'github-pat', line: 20_001 },
    ]);
  });

  test('of very many in one file fifty are told', () => {
    const many = Array.from({ length: 200 }, (_, at) => secretSample('github-pat', `${at}`)).join('\n');
    expect(search(many)).toHaveLength(50);
  });
});

describe('in an image', () => {
  const key = sample('private-key');

  test('also where a later layer removed or replaced the file, worst first, and never the secret itself', async () => {
    const found = await image(
      [file('root/.ssh/id', key), file('app/a.env', `T=${sample('github-pat')}`)],
      [file('root/.ssh/.wh.id', ''), file('app/a.env', 'T='), file('app/b', `\n\n${sample('database-url')}`)],
    );
    expect(
      found.map(({ rule, severity, path, line, removed }) => [rule, severity, path, line, removed]),
    ).toEqual([
      ['github-pat', 'critical', 'app/a.env', 1, true],
      ['private-key', 'high', 'root/.ssh/id', 1, true],
      ['database-url', 'medium', 'app/b', 3, false],
    ]);
    expect(new Set(found.map(({ layer }) => layer)).size).toBe(2);
    for (const secret of [key.split('\n')[1]!, sample('github-pat'), sample('database-url')])
      expect(JSON.stringify(found)).not.toContain(secret);
  });

  const hash = (name: string, encoding: 'hex' | 'base64' | 'base64url') =>
    createHash(name).update(key).digest(encoding);

  test.each<[string, string, string]>([
    ['dpkg', 'var/lib/dpkg/info/x.md5sums', `${hash('md5', 'hex')}  usr/share/x/test.key\n`],
    [
      'dpkg of distroless images',
      'var/lib/dpkg/status.d/x.md5sums',
      `${hash('md5', 'hex')}  usr/share/x/test.key\n`,
    ],
    [
      'a configuration file of dpkg',
      'var/lib/dpkg/status',
      `Package: x\nConffiles:\n /etc/x.key ${hash('md5', 'hex')}\nDescription: x\n`,
    ],
    ['apk', 'lib/apk/db/installed', `P:x\nV:1\nF:usr/share/x\nR:test.key\nZ:Q1${hash('sha1', 'base64')}\n\n`],
    [
      'a wheel',
      'usr/lib/python3/site-packages/x-1.dist-info/RECORD',
      `x/server.key,sha256=${hash('sha256', 'base64url')},200\n`,
    ],
  ])('what a package brought is not told (%s), and what was changed since is', async (_, path, record) => {
    expect(await image([file(path, record), file('usr/share/x/test.key', key)])).toEqual([]);
    const changed = await image([file(path, record), file('usr/share/x/test.key', `${key}#`)]);
    expect(changed.map((one) => one.path)).toEqual(['usr/share/x/test.key']);
  });

  test('nothing is told of the files of packages themselves', async () => {
    expect(
      await image([file('var/lib/dpkg/status', 'Package: x\nStatus: install ok installed\nVersion: 1\n')]),
    ).toEqual([]);
  });
});
