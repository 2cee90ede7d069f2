import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf, isDigest, parseDigest } from './digest.ts';
import { familiarReference, formatReference, parseReference } from './reference.ts';

const hex = 'a'.repeat(64);
const sha256 = `sha256:${hex}`;
const sha512 = `sha512:${'b'.repeat(128)}`;

describe('what Docker users type names the image Docker would take', () => {
  test.each([
    ['alpine', 'index.docker.io', 'library/alpine', undefined, undefined],
    ['alpine:3.20', 'index.docker.io', 'library/alpine', '3.20', undefined],
    ['team/app', 'index.docker.io', 'team/app', undefined, undefined],
    ['docker.io/alpine', 'index.docker.io', 'library/alpine', undefined, undefined],
    ['index.docker.io/alpine', 'index.docker.io', 'library/alpine', undefined, undefined],
    ['localhost/app', 'localhost', 'app', undefined, undefined],
    ['localhost:5000/app:v1', 'localhost:5000', 'app', 'v1', undefined],
    ['[::1]:5000/app', '[::1]:5000', 'app', undefined, undefined],
    ['[2001:db8::1]/a/b/c:t', '[2001:db8::1]', 'a/b/c', 't', undefined],
    ['ghcr.io/a/b', 'ghcr.io', 'a/b', undefined, undefined],
    ['ghcr.io/a__b/c-d.e_f--g', 'ghcr.io', 'a__b/c-d.e_f--g', undefined, undefined],
    ['Upper/case', 'Upper', 'case', undefined, undefined],
    [`app@${sha256}`, 'index.docker.io', 'library/app', undefined, sha256],
    [`app:v1@${sha256}`, 'index.docker.io', 'library/app', 'v1', sha256],
    [`r.example:1/app@${sha512}`, 'r.example:1', 'app', undefined, sha512],
    ['alpine:3/4', 'alpine:3', '4', undefined, undefined],
    [`${hex}:tag`, 'index.docker.io', `library/${hex}`, 'tag', undefined],
    ['a.b/c', 'a.b', 'c', undefined, undefined],
    ['x/_T', undefined, undefined, undefined, undefined],
  ])('%s', (text, registry, repository, tag, digest) => {
    if (registry === undefined) expect(() => parseReference(text)).toThrow();
    else
      expect(parseReference(text)).toEqual(JSON.parse(JSON.stringify({ registry, repository, tag, digest })));
  });
});

describe('what is not a reference is refused before anything is asked', () => {
  test.each([
    '',
    ' ',
    'Alpine',
    'a/B',
    'ghcr.io/App',
    hex,
    // A node takes it for the image with this ID, wherever that came from.
    `sha256:${hex}`,
    'app:',
    'app:.tag',
    `app:${'t'.repeat(129)}`,
    'app@sha256:abc',
    `app@sha256:${'A'.repeat(64)}`,
    `app@sha384:${'a'.repeat(96)}`,
    `app@md5:${'a'.repeat(32)}`,
    `app@${sha256}@${sha256}`,
    'app//b',
    '/app',
    'app/',
    'a..b',
    'a___b',
    '-a',
    'a-',
    'host:port/app',
    'host:0/app',
    'host:65536/app',
    'host:/app',
    '[::1/app',
    '[zz::1]/app',
    '[:::::]/app',
    'user@host.example/app',
    'https://ghcr.io/app',
    'host.example/../etc',
    'host.example/app?x=1',
    'host.example/app#x',
    'app\n',
    'app:tag\n',
    'аpp', // Cyrillic
    hex,
    `host.example/${'a'.repeat(256)}`,
    `host.example/${'a/'.repeat(200)}a`,
  ])('%j', (text) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: 'OCI_REFERENCE_INVALID', kind: 'usage' }),
    );
  });

  test('255 characters of repository are the longest', () => {
    expect(parseReference(`h.example/${'a'.repeat(255)}`).repository).toHaveLength(255);
  });

  test('upper case is named as the reason, with the lower-case spelling as remedy', () => {
    expect(() => parseReference('ghcr.io/Team/App')).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('team/app') }),
    );
  });

  test('hostile text does not reach the terminal', () => {
    expect(() => parseReference('a\u001b[31m')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('\u001b') }),
    );
  });
});

describe('printing', () => {
  test.each([
    ['alpine', 'alpine', 'index.docker.io/library/alpine'],
    ['docker.io/library/alpine:3', 'alpine:3', 'index.docker.io/library/alpine:3'],
    ['team/app', 'team/app', 'index.docker.io/team/app'],
    ['library/a/b', 'library/a/b', 'index.docker.io/library/a/b'],
    ['docker.io/a.b/c', 'docker.io/a.b/c', 'index.docker.io/a.b/c'],
    ['docker.io/localhost/c', 'docker.io/localhost/c', 'index.docker.io/localhost/c'],
    [`library/${hex}`, `library/${hex}`, `index.docker.io/library/${hex}`],
    ['localhost:5000/app:v1', 'localhost:5000/app:v1', 'localhost:5000/app:v1'],
  ])('%s is shown as %s', (text, familiar, canonical) => {
    const reference = parseReference(text);
    expect(familiarReference(reference)).toBe(familiar);
    expect(formatReference(reference)).toBe(canonical);
  });

  const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:(?:[._]|__|-{1,3})[a-z0-9]{1,8}){0,2}$/);
  const arbitrary = fc.record(
    {
      registry: fc.oneof(
        fc.constantFrom('index.docker.io', 'localhost', '[::1]:5000', 'a.b', 'Host', '127.0.0.1:1'),
        fc.stringMatching(/^[a-z]{1,8}\.[a-z]{2,3}(?::[1-9][0-9]{0,3})?$/),
      ),
      repository: fc.array(component, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/')),
      tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/),
      digest: fc.constantFrom(sha256, sha512),
    },
    { requiredKeys: ['registry', 'repository'] },
  );

  test('what is printed reads back to the same reference, in both forms', () => {
    fc.assert(
      fc.property(arbitrary, (raw) => {
        const reference = parseReference(formatReference(raw as never));
        expect(reference).toEqual(raw);
        expect(parseReference(familiarReference(reference))).toEqual(reference);
      }),
    );
  });

  test('any text is either parsed to something that prints and parses to itself, or refused with a code', () => {
    const soup = fc.string({
      unit: fc.constantFrom(...'aZ09._-:/@[]% \n', 'sha256:', hex, 'docker.io/'),
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.oneof(soup, fc.string()), (text) => {
        let reference: ReturnType<typeof parseReference>;
        try {
          reference = parseReference(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'OCI_REFERENCE_INVALID' });
          return;
        }
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('digests', () => {
  test('only canonical spellings are digests, so that one content has one name', () => {
    expect(parseDigest(sha256)).toBe(sha256);
    expect(parseDigest(sha512)).toBe(sha512);
    for (const bad of [
      '',
      hex,
      `SHA256:${hex}`,
      `sha256:${'A'.repeat(64)}`,
      `${sha256}0`,
      `sha512:${hex}`,
      `${sha256}\n`,
    ]) {
      expect(isDigest(bad)).toBe(false);
      expect(() => parseDigest(bad)).toThrow(expect.objectContaining({ code: 'OCI_DIGEST_INVALID' }));
    }
  });

  test('the digest of nothing is the well-known one', () => {
    expect(digestOf(new Uint8Array())).toBe(
      'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(digestOf(new Uint8Array(), 'sha512')).toMatch(/^sha512:cf83e1357eefb8bd/);
  });
});
