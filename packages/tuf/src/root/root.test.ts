import { generateSigningKey, type SigningKey } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rootKeyOf } from './keys.ts';
import { makeRoot, mergeRoots, readRoot, signRoot } from './root.ts';

const now = new Date('2026-06-01T00:00:00Z');
const expires = new Date('2027-06-01T00:00:00Z');
const online = generateSigningKey('ed25519');
const people = [
  generateSigningKey('ecdsa-p256'),
  generateSigningKey('ed25519'),
  generateSigningKey('ecdsa-p256'),
] as const;
const [a, b, c] = people;

const rootOf = (version: number, keys: readonly SigningKey[], threshold: number, until = expires) =>
  makeRoot({
    version,
    expires: until,
    keys: keys.map(({ publicKey }) => rootKeyOf(publicKey)),
    threshold,
    online: [rootKeyOf(online.publicKey)],
  });
const signedBy = async (root: Uint8Array, ...keys: readonly SigningKey[]) => {
  let signed = root;
  for (const key of keys) signed = await signRoot(signed, key, undefined);
  return signed;
};
const first = await signedBy(rootOf(1, people, 2), a, b);
const fails = (code: string) => expect.objectContaining({ code });
const edited = (root: Uint8Array, edit: (document: Document) => void) => {
  const document = JSON.parse(new TextDecoder().decode(root)) as Document;
  edit(document);
  return new TextEncoder().encode(JSON.stringify(document));
};
interface Document {
  signatures: { keyid: string; sig: string }[];
  signed: { version: number; roles: { root: { threshold: number } } };
}

test('copies that two of three signed in different places come together as the next root', async () => {
  const next = rootOf(2, people, 2);
  const merged = mergeRoots(first, [await signedBy(next, c), await signedBy(next, a)], now);
  expect(readRoot(merged)).toMatchObject({ version: 2, digest: readRoot(next).digest });
  expect(new Set(readRoot(merged).signers)).toEqual(
    new Set([a, c].map(({ publicKey }) => publicKey.fingerprint)),
  );
  // One copy that went from hand to hand is as good.
  expect(readRoot(mergeRoots(first, [await signedBy(next, a, c)], now)).version).toBe(2);
});

test('a key is replaced by enough of the keys before and enough of the new ones', async () => {
  const d = generateSigningKey('ed25519');
  const next = rootOf(2, [b, c, d], 2);
  const byNew = await signedBy(next, b, d);
  // b alone signed of those before.
  expect(() => mergeRoots(first, [byNew], now)).toThrow(fails('TUF_THRESHOLD'));
  await expect(signRoot(byNew, a, undefined)).rejects.toEqual(fails('TUF_ROOT_INVALID'));
  const byOld = await signRoot(next, a, first);
  expect(readRoot(mergeRoots(first, [byNew, byOld], now)).version).toBe(2);
});

test('what is not signed by enough different keys is refused', async () => {
  const next = rootOf(2, people, 2);
  const thief = generateSigningKey('ecdsa-p256');
  await expect(signRoot(next, thief, first)).rejects.toEqual(fails('TUF_ROOT_INVALID'));
  const one = await signedBy(next, a);
  const twice = edited(one, ({ signatures }) => signatures.push(signatures[0]!));
  const underAnotherId = edited(one, ({ signatures }) =>
    signatures.push({ ...signatures[0]!, keyid: rootKeyOf(b.publicKey).id }),
  );
  const threshold = edited(one, ({ signed }) => {
    signed.roles.root.threshold = 1;
  });
  for (const [copies, code] of [
    [[next], 'TUF_THRESHOLD'],
    [[one, one], 'TUF_THRESHOLD'],
    [[twice], 'TUF_METADATA_INVALID'],
    [[underAnotherId], 'TUF_THRESHOLD'],
    [[threshold], 'TUF_THRESHOLD'],
    [[one, await signedBy(rootOf(2, people, 2, new Date('2027-06-02T00:00:00Z')), b)], 'TUF_ROOT_INVALID'],
    [[await signedBy(rootOf(2, [thief], 1), thief)], 'TUF_THRESHOLD'],
    [[await signedBy(rootOf(3, people, 2), a, b)], 'TUF_MISMATCH'],
    [[await signedBy(rootOf(1, people, 2), a, b)], 'TUF_MISMATCH'],
    [[await signedBy(rootOf(2, people, 2, now), a, b)], 'TUF_EXPIRED'],
    [[], 'TUF_ROOT_INVALID'],
  ] as const)
    expect(() => mergeRoots(first, copies, now), code).toThrow(fails(code));
});

test('a root that nobody could sign, or that weakens itself, is not made', () => {
  const thrown = (make: () => unknown) => expect(make).toThrow(fails('TUF_ROOT_INVALID'));
  for (const threshold of [0, -1, 4, 1.5, Number.NaN]) thrown(() => rootOf(1, people, threshold));
  thrown(() => rootOf(1, [a, a], 2));
  thrown(() => rootOf(1, [a, online], 2));
  thrown(() => rootOf(1, [generateSigningKey('rsa')], 1));
});

test('a bad signature beside good ones does no harm, and does not count as signed', async () => {
  const next = rootOf(2, people, 2);
  const good = await signedBy(next, a, b, c);
  const damaged = edited(good, ({ signatures }) => {
    signatures[2]!.sig = signatures[2]!.sig.replace(/..$/, (end) => (end === '00' ? '01' : '00'));
  });
  expect(readRoot(damaged).signers).toHaveLength(2);
  expect(readRoot(mergeRoots(first, [damaged], now)).signers).toHaveLength(2);
  expect(readRoot(mergeRoots(first, [damaged, good], now)).signers).toHaveLength(3);
});

test('no damaged copy becomes a root', async () => {
  const good = await signedBy(rootOf(2, people, 2), a, b);
  const { digest } = readRoot(good);
  await fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
      (changes) => {
        const bytes = Uint8Array.from(good);
        for (const [at, change] of changes) bytes[at % bytes.length]! ^= change;
        try {
          expect(readRoot(mergeRoots(first, [bytes], now)).digest).toBe(digest);
        } catch (error) {
          if (!(error instanceof PratiqueError)) throw error;
        }
      },
    ),
    { numRuns: 300 },
  );
});
