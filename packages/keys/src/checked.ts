import { verifySignature } from '@pratique/crypto';
import { keysErrors } from './errors.ts';
import type { ManagedKey } from './managed-key.ts';

/**
 * Verifies whatever `key` signs before anybody sees it: the two halves may not belong together, and a service may sign
 * something else than it was given.
 */
export function checked(key: ManagedKey): ManagedKey {
  return {
    publicKey: key.publicKey,
    close: () => key.close(),
    async sign(data, signal) {
      const signature = await key.sign(data, signal);
      if (verifySignature(key.publicKey, data, signature) !== null) return signature;
      throw keysErrors.error('KEY_SIGNATURE_WRONG', {
        message: 'the signature that was made does not verify under the public key that was given',
        expected: `a signature by ${key.publicKey.fingerprint}`,
      });
    },
  };
}
