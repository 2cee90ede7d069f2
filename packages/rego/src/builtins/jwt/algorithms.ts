/** The signature algorithms of JSON Web Algorithms (RFC 7518, 8037). */
import {
  constants,
  createHmac,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { rethrowOverflow } from '../../stack.ts';
import { BuiltinError } from '../types.ts';

interface Algorithm {
  readonly family: 'RS' | 'PS' | 'ES' | 'HS' | 'EdDSA';
  readonly hash: string | null;
  readonly keyType: string;
}

const hashes = ['256', '384', '512'] as const;

const algorithms: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ...hashes.map((size) => [`RS${size}`, { family: 'RS', hash: `sha${size}`, keyType: 'rsa' }] as const),
  ...hashes.map((size) => [`PS${size}`, { family: 'PS', hash: `sha${size}`, keyType: 'rsa' }] as const),
  ...hashes.map((size) => [`ES${size}`, { family: 'ES', hash: `sha${size}`, keyType: 'ec' }] as const),
  ...hashes.map((size) => [`HS${size}`, { family: 'HS', hash: `sha${size}`, keyType: '' }] as const),
  ['EdDSA', { family: 'EdDSA', hash: null, keyType: 'ed25519' }],
]);

export function isAlgorithm(name: string): boolean {
  return algorithms.has(name);
}

/** Does the signature hold? A key of another kind than the algorithm's never verifies anything. */
export function verifySignature(name: string, key: KeyObject, text: string, signature: Uint8Array): boolean {
  const algorithm = algorithms.get(name);
  if (algorithm === undefined) return false;
  const data = Buffer.from(text);
  if (algorithm.family === 'HS') return key.type === 'secret' && verifyHmac(algorithm, key, data, signature);
  if (key.type === 'secret' || key.asymmetricKeyType !== algorithm.keyType) return false;
  const options = signatureOptions(algorithm, key.type === 'private' ? createPublicKey(key) : key, 'verify');
  try {
    return verify(algorithm.hash, data, options, signature);
  } catch (error) {
    rethrowOverflow(error);
    // A signature of a length that the key cannot have made.
    return false;
  }
}

function verifyHmac(algorithm: Algorithm, key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  const expected = createHmac(algorithm.hash!, key).update(data).digest();
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

export function makeSignature(name: string, key: KeyObject, text: string): Uint8Array {
  const algorithm = algorithms.get(name)!;
  const data = Buffer.from(text);
  if (algorithm.family === 'HS') {
    if (key.type !== 'secret') throw new BuiltinError(`invalid key type for ${name}`);
    return createHmac(algorithm.hash!, key).update(data).digest();
  }
  if (key.type !== 'private' || key.asymmetricKeyType !== algorithm.keyType) {
    throw new BuiltinError(`invalid key type for ${name}`);
  }
  return sign(algorithm.hash, data, signatureOptions(algorithm, key, 'sign'));
}

function signatureOptions(algorithm: Algorithm, key: KeyObject, use: 'sign' | 'verify') {
  switch (algorithm.family) {
    case 'PS':
      return {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: use === 'sign' ? constants.RSA_PSS_SALTLEN_DIGEST : constants.RSA_PSS_SALTLEN_AUTO,
      };
    case 'ES':
      return { key, dsaEncoding: 'ieee-p1363' as const };
    default:
      return { key };
  }
}
