import { createHash } from 'node:crypto';
import { derWriter, type PublicKey, signatureHash } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { mechanism, returnNames } from './constants.ts';
import { failed } from './module.ts';
import type { Session } from './token.ts';

const { encodeDer, objectIdentifier, octetString, sequence, unsignedInteger } = derWriter;
const sha256Oid = '2.16.840.1.101.3.4.2.1';
/** An RSA signature of the largest key that is accepted, 8192 bits. */
const maxSignatureBytes = 1024;

/** Return values that say: not with this key, or not in this way. */
const unsupported = new Set([
  'CKR_MECHANISM_INVALID',
  'CKR_MECHANISM_PARAM_INVALID',
  'CKR_KEY_FUNCTION_NOT_PERMITTED',
  'CKR_KEY_TYPE_INCONSISTENT',
  'CKR_FUNCTION_NOT_SUPPORTED',
]);

/**
 * Signs with a key in a token, in the first scheme of the key's algorithm. Hashes are made here: tokens are asked for
 * their plainest mechanism (CKM_ECDSA, CKM_RSA_PKCS, CKM_EDDSA), which all have.
 *
 * @throws KEY_MECHANISM_UNSUPPORTED, PKCS11_FAILED
 */
export function signInToken(
  session: Session,
  key: number,
  publicKey: PublicKey,
  data: Uint8Array,
): Uint8Array {
  const digest = () => new Uint8Array(createHash(signatureHash(publicKey)).update(data).digest());
  switch (publicKey.algorithm) {
    case 'rsa': {
      const algorithm = sequence(objectIdentifier(sha256Oid), encodeDer(5));
      return raw(session, key, mechanism.rsaPkcs1, sequence(algorithm, octetString(digest())));
    }
    case 'ed25519':
      return raw(session, key, mechanism.eddsa, data);
    default: {
      // r and s, each as long as the curve's order.
      const both = raw(session, key, mechanism.ecdsa, digest());
      const half = both.byteLength / 2;
      return sequence(unsignedInteger(both.subarray(0, half)), unsignedInteger(both.subarray(half)));
    }
  }
}

function raw(
  { module, handle, token }: Session,
  key: number,
  mechanismType: number,
  data: Uint8Array,
): Uint8Array {
  const refused = (name: string, code: number) => {
    const value = returnNames[code] ?? '';
    if (!unsupported.has(value)) return failed(name, code);
    return keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
      message: `the token ${printable(token.label)} does not sign with this key`,
      expected: mechanismNames[mechanismType],
      found: value,
    });
  };
  const chosen = { mechanism: mechanismType, pParameter: null, ulParameterLen: 0 };
  const init = module.call('C_SignInit', handle, chosen, key);
  if (init !== 0) throw refused('C_SignInit', init);
  const [signature, length] = [Buffer.alloc(maxSignatureBytes), [maxSignatureBytes]];
  const code = module.call('C_Sign', handle, Buffer.from(data), data.byteLength, signature, length);
  if (code !== 0) throw refused('C_Sign', code);
  return Uint8Array.from(signature.subarray(0, Number(length[0])));
}

const mechanismNames: Readonly<Record<number, string>> = {
  [mechanism.rsaPkcs1]: 'CKM_RSA_PKCS',
  [mechanism.ecdsa]: 'CKM_ECDSA',
  [mechanism.eddsa]: 'CKM_EDDSA',
};
