import { createHash } from 'node:crypto';
import { formatPublicKey, isJsonObject, type JsonObject, type PublicKey, toHex } from '@pratique/crypto';
import { tufErrors } from '../errors.ts';
import { signedBytes } from '../metadata/canonical.ts';

/** A key as metadata has it (TUF specification §4.2), and the id it is named by there. */
export interface RootKey {
  readonly id: string;
  readonly value: JsonObject;
}

/**
 * The entry for a key in metadata.
 *
 * @throws TUF_ROOT_INVALID for a key whose signatures not every client verifies
 */
export function rootKeyOf(key: PublicKey): RootKey {
  const value = metadataOf(key);
  return { id: createHash('sha256').update(signedBytes(value)).digest('hex'), value };
}

function metadataOf(key: PublicKey): JsonObject {
  switch (key.algorithm) {
    case 'ed25519':
      return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: toHex(key.spki.subarray(-32)) } };
    case 'ecdsa-p256':
      return { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: { public: formatPublicKey(key) } };
    default:
      throw tufErrors.error('TUF_ROOT_INVALID', {
        message: 'a key of this kind cannot sign a root',
        expected: 'Ed25519, or ECDSA on P-256',
        found: key.algorithm,
      });
  }
}

/** The keys that root metadata names for its role `root`, as it has them. */
export function keysOfRoot(signed: JsonObject, keyIds: readonly string[]): RootKey[] {
  const keys = isJsonObject(signed.keys) ? signed.keys : {};
  return keyIds.flatMap((id) => {
    const value = Object.hasOwn(keys, id) ? keys[id] : undefined;
    return isJsonObject(value) ? [{ id, value }] : [];
  });
}
