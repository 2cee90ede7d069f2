import { parseSigningKey, type Signer } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { expect, test } from 'vitest';
import { type Holder, keyPem, newHolder, newSelfSigned, pem } from '../testing/authority.ts';
import { codeOf, intermediate, judge, leaf, now, root, sign } from '../testing/world.ts';
import { chainSigner } from './signer.ts';

const code = (key: string, chain: string, at = now): string => {
  try {
    chainSigner(parseSigningKey(key), new TextEncoder().encode(chain), at);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    expect(error.message).not.toContain('-----BEGIN');
    return error.code;
  }
};
const chain = (...holders: Holder[]) => pem(...holders);

test('a key with its whole chain signs; a self-signed one alone', () => {
  expect(code(keyPem(leaf), chain(leaf, intermediate, root))).toBe('accepted');
  const self = newSelfSigned();
  expect(code(keyPem(self), chain(self))).toBe('accepted');
});

test.each<[string, string, string]>([
  ['the key of somebody else', keyPem(newHolder(intermediate)), chain(leaf, intermediate, root)],
  ['a chain that is not whole', keyPem(leaf), chain(leaf, intermediate)],
  ['a chain the other way round', keyPem(leaf), chain(root, intermediate, leaf)],
  ['no certificates', keyPem(leaf), ''],
  ['a key where certificates should be', keyPem(leaf), keyPem(leaf)],
])('%s signs nothing', (_, key, certificates) => {
  expect(code(key, certificates)).toBe('NOTATION_KEY_UNUSABLE');
});

test('certificates that have expired sign nothing', () => {
  expect(code(keyPem(leaf), chain(leaf, intermediate, root), new Date('2028-01-01T00:00:00Z'))).toBe(
    'NOTATION_KEY_UNUSABLE',
  );
});

test.each(['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521'] as const)(
  'a key of %s that is elsewhere signs, however short its numbers are',
  async (algorithm) => {
    const holder = newHolder(intermediate, { algorithm });
    const { publicKey } = holder.key;
    const elsewhere: Signer = { publicKey, sign: async (data) => holder.key.sign(data) };
    const by = chainSigner(elsewhere, new TextEncoder().encode(chain(holder, intermediate, root)), now);
    // One in 128 has a number that is a byte shorter.
    for (let round = 0; round < 300; round++) {
      const item = await sign(round % 2 === 0 ? 'jws' : 'cose', {}, by);
      expect(codeOf(judge(item))).toBe('accepted');
    }
  },
);

test('an RSA key that is elsewhere signs nothing: it makes another padding', () => {
  const holder = newHolder(intermediate, { algorithm: 'rsa' });
  const { publicKey } = holder.key;
  const elsewhere: Signer = { publicKey, sign: async (data) => holder.key.sign(data) };
  const certificates = new TextEncoder().encode(chain(holder, intermediate, root));
  expect(() => chainSigner(elsewhere, certificates, now)).toThrow(/PSS/);
});
