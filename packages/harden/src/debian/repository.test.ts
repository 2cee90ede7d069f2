import { beforeAll, expect, test } from 'vitest';
import {
  clearSign,
  fetcherOf,
  type Publication,
  type Published,
  paragraph,
  publish,
  type SigningKey,
  signingKey,
  today,
} from '../testing/repository.ts';
import { fetchPackage, openSource } from './repository.ts';

let key: SigningKey;
let stranger: SigningKey;
beforeAll(async () => {
  key = await signingKey('archive');
  stranger = await signingKey('stranger');
});

const open = (published: Published, now = today) =>
  openSource(published.source, {
    fetcher: fetcherOf(published),
    architecture: 'amd64',
    keyrings: () => [published.keyring],
    now,
  });

const packages = `${paragraph('hello', { Depends: 'libc6 (>= 2.36), awk | mawk' })}\n${paragraph('mawk', { Provides: 'awk' })}`;
const release = 'dists/testing/InRelease';
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

test('a signed repository gives its packages', async () => {
  const published = await publish(key, { packages });
  const opened = await open(published);
  const [index] = opened.indexes;
  expect(index!.versions('hello')).toMatchObject([{ version: '1.0-1', filename: 'pool/hello.deb' }]);
  expect(index!.providers('awk').map(({ name }) => name)).toEqual(['mawk']);
  expect(index!.versions('constructor')).toEqual([]);
  published.files['pool/hello.deb'] = bytes('abc');
  expect(text(await fetchPackage(index!.versions('hello')[0]!, fetcherOf(published)))).toBe('abc');
});

test('files are asked for by their digest where the release says so', async () => {
  const published = await publish(key, { packages, fields: { 'Acquire-By-Hash': 'yes' } });
  await expect(open(published)).rejects.toMatchObject({
    code: 'PACKAGES_UNREACHABLE',
    message: expect.stringContaining('by-hash'),
  });
});

/** Each forgery is of a repository that is accepted without it. */
const forgeries: readonly (readonly [
  name: string,
  code: string,
  forge: (good: Published) => Promise<Published> | Published,
  publication?: Publication,
])[] = [
  [
    'signed by somebody else',
    'PACKAGES_UNTRUSTED',
    async () => ({ ...(await publish(stranger, { packages })), keyring: key.keyring }),
  ],
  [
    'signed by nobody',
    'PACKAGES_UNTRUSTED',
    ({ files, ...good }) => ({
      ...good,
      files: {
        ...files,
        [release]: bytes(
          text(files[release])
            .replace(/^-----BEGIN PGP SIGNED[\s\S]*?\n\n/, '')
            .replace(/-----BEGIN PGP SIGNATURE[\s\S]*$/, ''),
        ),
      },
    }),
  ],
  [
    'with a changed release',
    'PACKAGES_UNTRUSTED',
    ({ files, ...good }) => ({
      ...good,
      files: { ...files, [release]: bytes(text(files[release]).replace('Origin: Test', 'Origin: Evil')) },
    }),
  ],
  [
    'with text before the signed text',
    'PACKAGES_UNTRUSTED',
    ({ files, ...good }) => ({
      ...good,
      files: {
        ...files,
        [release]: bytes(
          `SHA256:\n 00 1 main/binary-amd64/Packages\n\n${text(files[release]).replace('Test', 'Tess')}`,
        ),
      },
    }),
  ],
  [
    'of another suite, signed by the same key',
    'PACKAGES_UNTRUSTED',
    async ({ source, ...good }) => {
      const old = await publish(key, { suite: 'oldstable', packages });
      return { ...good, source, files: { ...old.files, [release]: old.files['dists/oldstable/InRelease']! } };
    },
  ],
  [
    'with a changed index',
    'PACKAGES_UNTRUSTED',
    ({ files, ...good }) => {
      const path = 'dists/testing/main/binary-amd64/Packages.gz';
      const changed = files[path]!.slice();
      changed[changed.length - 1]! ^= 1;
      return { ...good, files: { ...files, [path]: changed } };
    },
  ],
  [
    'that expired',
    'PACKAGES_UNTRUSTED',
    (good) => good,
    { fields: { 'Valid-Until': 'Mon, 01 Jun 2026 11:00:00 UTC' } },
  ],
  [
    'from the future',
    'PACKAGES_UNTRUSTED',
    (good) => good,
    { fields: { Date: 'Tue, 02 Jun 2026 00:00:00 UTC' } },
  ],
  ['with a date that is none', 'PACKAGES_INDEX_INVALID', (good) => good, { fields: { Date: 'soon' } }],
  ['without digests', 'PACKAGES_INDEX_INVALID', (good) => good, { fields: { SHA256: '' } }],
  [
    'that names no index',
    'PACKAGES_INDEX_INVALID',
    (good) => good,
    { fields: { SHA256: `\n ${'0'.repeat(64)} 1 main/binary-arm64/Packages` } },
  ],
  [
    'whose index is not there',
    'PACKAGES_UNREACHABLE',
    ({ files, ...good }) => ({ ...good, files: { [release]: files[release]! } }),
  ],
  ['that is not there', 'PACKAGES_UNREACHABLE', (good) => ({ ...good, files: {} })],
];

test.each(forgeries.map(([name, code, forge, publication = {}]) => ({ name, code, forge, publication })))(
  'a repository $name is refused: $code',
  async ({ code, forge, publication }) => {
    const forged = await forge(await publish(key, { packages, ...publication }));
    await expect(open(forged)).rejects.toMatchObject({ code });
  },
);

test('a package that is not what the index says is refused', async () => {
  const published = await publish(key, { packages });
  const [found] = (await open(published)).indexes[0]!.versions('hello');
  published.files['pool/hello.deb'] = bytes('abd');
  await expect(fetchPackage(found!, fetcherOf(published))).rejects.toMatchObject({
    code: 'PACKAGES_UNTRUSTED',
  });
  published.files['pool/hello.deb'] = bytes('abcd');
  await expect(fetchPackage(found!, fetcherOf(published))).rejects.toMatchObject({
    code: 'PACKAGES_UNREACHABLE',
  });
});

test.each([
  ['a file outside the repository', { Filename: 'pool/../../etc/passwd' }],
  ['an absolute file', { Filename: '/etc/passwd' }],
  ['no digest', { SHA256: 'x' }],
  ['relations that are none', { Depends: 'a (' }],
])('a package with %s is refused when it is asked for', async (_name, fields) => {
  const published = await publish(key, { packages: paragraph('hello', fields) });
  const [index] = (await open(published)).indexes;
  expect(() => index!.versions('hello')).toThrow(expect.objectContaining({ code: 'PACKAGES_INDEX_INVALID' }));
});

test('a signature within a signature does not count: the release is what one key signed whole', async () => {
  const good = await publish(key, { packages });
  const outer = await clearSign(stranger, text(good.files[release]));
  await expect(open({ ...good, files: { ...good.files, [release]: bytes(outer) } })).rejects.toMatchObject({
    code: 'PACKAGES_UNTRUSTED',
  });
});
