import { join } from 'node:path';
import {
  formatPem,
  formatSigningKey,
  generateSigningKey,
  isEncryptedKey,
  type KeyAlgorithm,
  parseSigningKey,
  type SigningKey,
} from '@pratique/crypto';
import { readOrCreate } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';

/** Who signs what. Each has a key of its own: none can be made to sign in another's place. */
const roles = {
  oidc: 'rsa',
  'fulcio-root': 'ecdsa-p384',
  fulcio: 'ecdsa-p384',
  ctlog: 'ecdsa-p256',
  rekor: 'ecdsa-p256',
  'rekor-v2': 'ed25519',
  'tsa-root': 'ecdsa-p384',
  tsa: 'ecdsa-p256',
  'tuf-root': 'ed25519',
  tuf: 'ed25519',
  witness: 'ed25519',
} as const satisfies Readonly<Record<string, KeyAlgorithm>>;

export type Role = keyof typeof roles;

/**
 * Loads the key of a role and generation below `directory`, making it when it is not there: encrypted with `passphrase`
 * in Cosign's key file format when there is one, else plain PKCS #8 readable by the owner only. A passphrase does not
 * protect keys that are already stored in the clear, so that is refused instead of believed.
 *
 * @throws KEY_PASSWORD_WRONG, KEY_INVALID, SIGSTORE_SERVER_OPTION_INVALID
 */
export function loadKey(
  directory: string,
  role: Role,
  passphrase: string | undefined,
  generation = 1,
): SigningKey {
  const pem = readOrCreate(
    join(directory, `${generationName(role, generation)}.pem`),
    () => {
      const key = generateSigningKey(roles[role]);
      return passphrase === undefined
        ? formatPem('PRIVATE KEY', key.exportPkcs8())
        : formatSigningKey(key, passphrase);
    },
    true,
  );
  if (isEncryptedKey(pem) !== (passphrase !== undefined)) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
      message:
        passphrase === undefined
          ? 'the keys in the data directory are encrypted and no passphrase is given'
          : 'a passphrase is given but the keys in the data directory are not encrypted',
    });
  }
  return parseSigningKey(pem, passphrase);
}

/** `rekor`, `rekor-2`, …: what a generation's files are called, without their ending. */
export function generationName(name: string, generation: number): string {
  return generation === 1 ? name : `${name}-${generation}`;
}
