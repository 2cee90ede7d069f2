import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { parsePem } from '../encoding/pem.ts';
import { cryptoErrors } from '../errors.ts';
import { signEd25519ph } from './ed25519.ts';
import { decryptKeyFile, encryptedKeyLabels, encryptKeyFile } from './encrypted-key-file.ts';
import { decryptPkcs8, encryptedPkcs8Label } from './encrypted-pkcs8.ts';
import { decryptLegacy, isLegacyEncrypted, withoutKeyHeaders } from './headed-key-file.ts';
import { type KeyAlgorithm, publicKeyOf } from './public-key.ts';
import type { Signer } from './signer.ts';
import { defaultSchemes } from './verify.ts';

/** A private key of this process. */
export interface SigningKey extends Signer {
  /**
   * Signs with the first scheme of the key's algorithm: ECDSA with the hash of its curve's size, RSA PKCS #1 v1.5 with
   * SHA-256, pure Ed25519.
   */
  sign(data: Uint8Array): Uint8Array;
  /** PKCS #8 as DER. Secret: for encrypting into a key file, nothing else. */
  exportPkcs8(): Uint8Array;
}

const curveNames = { 'ecdsa-p256': 'P-256', 'ecdsa-p384': 'P-384', 'ecdsa-p521': 'P-521' } as const;

/** Makes a new key. ECDSA P-256 is what `cosign generate-key-pair` makes. RSA is 3072 bits. */
export function generateSigningKey(algorithm: KeyAlgorithm = 'ecdsa-p256'): SigningKey {
  if (algorithm === 'rsa')
    return fromKeyObject(generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey);
  if (algorithm === 'ed25519') return fromKeyObject(generateKeyPairSync('ed25519').privateKey);
  return fromKeyObject(generateKeyPairSync('ec', { namedCurve: curveNames[algorithm] }).privateKey);
}

/**
 * Reads a private key file: Cosign's encrypted form, PEM `ENCRYPTED PRIVATE KEY` (PKCS #8), both kinds of keys that Notary
 * wrote, with their headers, or unencrypted PEM `PRIVATE KEY` (PKCS #8), `EC PRIVATE KEY` (SEC 1; a preceding `EC PARAMETERS` block
 * as OpenSSL writes it is skipped) and `RSA PRIVATE KEY` (PKCS #1). `password` is used for the encrypted forms only; an
 * empty one is a password too.
 *
 * @throws KEY_PASSWORD_WRONG, KEY_FILE_INVALID, KEY_INVALID, KEY_UNSUPPORTED
 */
export function parseSigningKey(pem: string, password: string | Uint8Array = ''): SigningKey {
  if (pem.length > 64 * 1024)
    throw cryptoErrors.error('KEY_INVALID', { message: 'a private key file of over 64 KiB' });
  if (isLegacyEncrypted(pem)) return fromKeyObject(decryptLegacy(pem, password));
  const blocks = parsePem(withoutKeyHeaders(pem), 'the private key file').filter(
    (block) => block.label !== 'EC PARAMETERS',
  );
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) {
    throw cryptoErrors.error('KEY_INVALID', {
      message: 'a private key file must hold exactly one private key',
    });
  }
  if (encryptedKeyLabels.includes(block.label)) {
    return importDer(decryptKeyFile(block.bytes, password), 'pkcs8');
  }
  switch (block.label) {
    case encryptedPkcs8Label:
      return fromKeyObject(decryptPkcs8(block.bytes, password));
    case 'PRIVATE KEY':
      return importDer(block.bytes, 'pkcs8');
    case 'EC PRIVATE KEY':
      return importDer(block.bytes, 'sec1');
    case 'RSA PRIVATE KEY':
      return importDer(block.bytes, 'pkcs1');
    default:
      throw cryptoErrors.error('KEY_INVALID', {
        message: 'not a private key that can be read here',
        expected: `${encryptedKeyLabels[0]}, ${encryptedPkcs8Label}, PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY`,
        found: block.label,
      });
  }
}

/** True when the file needs a password before it can be used. */
export function isEncryptedKey(pem: string): boolean {
  if (isLegacyEncrypted(pem)) return true;
  return [...encryptedKeyLabels, encryptedPkcs8Label].some((label) =>
    pem.includes(`-----BEGIN ${label}-----`),
  );
}

/** Cosign's key file for `key`, PEM, encrypted with `password` and today's default parameters. */
export function formatSigningKey(key: SigningKey, password: string | Uint8Array): string {
  return encryptKeyFile(key.exportPkcs8(), password);
}

function importDer(der: Uint8Array, type: 'pkcs8' | 'sec1' | 'pkcs1'): SigningKey {
  let object: KeyObject;
  try {
    object = createPrivateKey({ key: Buffer.from(der), format: 'der', type });
  } catch {
    // The cause is left out on purpose: it may quote what it failed to parse.
    throw cryptoErrors.error('KEY_INVALID', { message: 'the private key cannot be read' });
  }
  return fromKeyObject(object);
}

function fromKeyObject(object: KeyObject): SigningKey {
  const publicKey = publicKeyOf(object);
  const [scheme] = defaultSchemes[publicKey.algorithm];
  const hash = scheme === 'ed25519' ? null : scheme.slice(-6);
  return {
    publicKey,
    sign: (data) => new Uint8Array(sign(hash, data, object)),
    exportPkcs8: () => object.export({ type: 'pkcs8', format: 'der' }),
    // PKCS #8 of an Ed25519 key ends with its seed (RFC 8410 §7).
    ...(publicKey.algorithm === 'ed25519' && {
      signPrehashed: (data: Uint8Array) =>
        signEd25519ph(object.export({ type: 'pkcs8', format: 'der' }).subarray(-32), data),
    }),
  };
}
