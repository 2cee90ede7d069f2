import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryStore } from '../client/store.ts';
import { readTarget } from '../client/target.ts';
import { TrustedMetadata } from '../client/trusted-metadata.ts';
import { updateFrom } from '../client/update.ts';
import { publicGood, staging } from '../public-good/roots.ts';
import { now, VirtualRepository } from '../testing/virtual-repository.ts';
import { signedBytes } from './canonical.ts';
import { parseMetadataKey } from './key.ts';
import { isDelegated, isTargetPath } from './target-path.ts';

const good = new VirtualRepository();
const names = [...good.files.keys()].filter((name) => name !== '1.root.json');

test('no damaged file is accepted, and none causes anything but a refusal', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
      async (name, changes) => {
        const repository = new VirtualRepository();
        for (const [file, bytes] of good.files) repository.files.set(file, bytes);
        const bytes = Uint8Array.from(good.files.get(name)!);
        for (const [at, change] of changes) bytes[at % bytes.length]! ^= change;
        repository.files.set(name, bytes);
        const content = await updateFrom(repository.mirror(), good.bootstrap, memoryStore(), now)
          .then((updated) => readTarget(updated, memoryStore(), 'trusted_root.json'))
          .catch((error: unknown) => {
            expect(error).toBeInstanceOf(PratiqueError);
            return undefined;
          });
        // Upper and lower case of a signature's hexadecimal, or white space, may come out as the same.
        if (content !== undefined) expect(new TextDecoder().decode(content)).toBe('trusted');
      },
    ),
    { numRuns: 150 },
  );
});

test.each([
  [{ a: 'x\n\u0001"\\', b: [1, null, true] }, '{"a":"x\n\u0001\\"\\\\","b":[1,null,true]}'],
  [{ '\ud83d\ude00': 1, '\uffee': 2 }, '{"\uffee":2,"\ud83d\ude00":1}'],
])('the signed form escapes only quotes and backslashes, and sorts as UTF-8 does', (value, expected) => {
  expect(new TextDecoder().decode(signedBytes(value))).toBe(expected);
});

test.each([1.5, 2 ** 53, -(2 ** 53)])('%d, which is no safe integer, has no signed form', (number) => {
  expect(() => signedBytes({ number })).toThrow(expect.objectContaining({ code: 'TUF_METADATA_INVALID' }));
});

test.each([
  null,
  {},
  { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: 'zz' } },
  { keytype: 'rsa', scheme: 'ed25519', keyval: { public: 'a'.repeat(64) } },
  { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: { public: '-----BEGIN PUBLIC KEY-----' } },
  { keytype: 'dilithium', scheme: 'dilithium', keyval: { public: 'a' } },
])('a key that cannot be used verifies nothing: %j', (key) => {
  expect(parseMetadataKey(key)).toBeNull();
});

test('the built-in roots are signed by their own keys', () => {
  for (const { root } of [publicGood, staging]) {
    expect(new TrustedMetadata(root, now).root.version).toBeGreaterThan(12);
  }
});

test('a path that leaves the repository is no target’s', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (path) => {
      if (!isTargetPath(path)) return;
      const base = 'https://mirror.test/repository/targets/';
      const url = new URL(base + path.split('/').map(encodeURIComponent).join('/'));
      expect(url.href.startsWith(base)).toBe(true);
    }),
  );
});

test('a pattern full of stars takes no time', () => {
  const role = {
    name: 'r',
    keys: new Map(),
    keyIds: [],
    threshold: 1,
    terminating: false,
    pathHashPrefixes: [],
  };
  const paths = [`${'*a'.repeat(1000)}b`];
  expect(isDelegated('a'.repeat(1000), { ...role, paths })).toBe(false);
});
