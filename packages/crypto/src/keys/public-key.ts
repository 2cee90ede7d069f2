import { createPublicKey, type KeyObject } from 'node:crypto';
import { readDer } from '../der/reader.ts';
import { encodeBase64 } from '../encoding/base64.ts';
import { toHex } from '../encoding/bytes.ts';
import { digest } from '../encoding/digest.ts';
import { formatPem, parsePem } from '../encoding/pem.ts';
import { cryptoErrors } from '../errors.ts';
import { isSmallOrderPoint } from './ed25519.ts';

export type KeyAlgorithm = 'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'rsa' | 'ed25519';

/** A public key that passed every check of `parsePublicKey`. Made once, used for many signatures. */
export interface PublicKey {
  readonly algorithm: KeyAlgorithm;
  /** Size of the modulus or of the curve's field, in bits. */
  readonly bits: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** `sha256:` and the hexadecimal SHA-256 of `spki`. */
  readonly fingerprint: string;
  /** The same hash in base64: what Cosign 3 writes as the `hint` of a bundle's public key. */
  readonly hint: string;
  readonly keyObject: KeyObject;
}

/** Curves by OID. */
const curves: Readonly<Record<string, Pick<PublicKey, 'algorithm' | 'bits'>>> = {
  '1.2.840.10045.3.1.7': { algorithm: 'ecdsa-p256', bits: 256 },
  '1.3.132.0.34': { algorithm: 'ecdsa-p384', bits: 384 },
  '1.3.132.0.35': { algorithm: 'ecdsa-p521', bits: 521 },
};

/** Beyond 8192 bits an RSA key only buys whoever sends it our processor time. */
const rsaBits = { min: 2048, max: 8192 };

const maxKeyBytes = 16 * 1024;

/**
 * Reads one public key: PEM `PUBLIC KEY` (SubjectPublicKeyInfo, RFC 5280 §4.1) or `RSA PUBLIC KEY` (PKCS #1), or the
 * DER of the former. Strict DER, nothing after the key, curve points uncompressed and on the curve, RSA of 2048 to
 * 8192 bits with an odd exponent from 65537 up, no Ed25519 point of small order.
 *
 * @throws KEY_INVALID, KEY_UNSUPPORTED, DER_INVALID, ENCODING_INVALID
 */
export function parsePublicKey(input: string | Uint8Array): PublicKey {
  if (input.length > maxKeyBytes) {
    throw cryptoErrors.error('KEY_INVALID', {
      message: `a public key file of more than ${maxKeyBytes} bytes`,
    });
  }
  const text =
    typeof input === 'string' ? input : input[0] === 0x30 ? undefined : new TextDecoder().decode(input);
  if (text === undefined) return fromSpki(input as Uint8Array);
  const [block, ...more] = parsePem(text, 'the public key');
  if (more.length > 0) {
    throw cryptoErrors.error('KEY_INVALID', { message: 'a public key file with more than one PEM block' });
  }
  if (block.label === 'PUBLIC KEY') return fromSpki(block.bytes);
  if (block.label === 'RSA PUBLIC KEY') return fromPkcs1(block.bytes);
  throw cryptoErrors.error('KEY_INVALID', {
    message: 'not a public key',
    expected: 'PUBLIC KEY or RSA PUBLIC KEY',
    found: block.label,
  });
}

/** PEM `PUBLIC KEY`, as `cosign public-key` prints it. */
export function formatPublicKey(key: PublicKey): string {
  return formatPem('PUBLIC KEY', key.spki);
}

/** The public half of an imported private key, with the same checks. */
export function publicKeyOf(key: KeyObject): PublicKey {
  const publicObject = key.type === 'private' ? createPublicKey(key) : key;
  return fromSpki(publicObject.export({ type: 'spki', format: 'der' }));
}

function fromSpki(input: Uint8Array): PublicKey {
  // An own copy: what was checked must not change under the key object's feet.
  const spki = new Uint8Array(input);
  const info = readDer(spki);
  const algorithm = info.nested();
  const oid = algorithm.oid();
  let shape: Pick<PublicKey, 'algorithm' | 'bits'>;
  switch (oid) {
    case '1.2.840.10045.2.1': {
      const curve = curves[algorithm.oid()];
      if (curve === undefined) throw unsupported('an elliptic curve other than P-256, P-384 and P-521');
      const point = info.bitString();
      if (point[0] !== 4) {
        throw unsupported('an elliptic curve point that is not uncompressed');
      }
      shape = curve;
      break;
    }
    case '1.2.840.113549.1.1.1':
      algorithm.null();
      shape = { algorithm: 'rsa', bits: checkRsa(info.bitString()) };
      break;
    case '1.3.101.112': {
      const point = info.bitString();
      if (point.byteLength !== 32) throw unsupported('an Ed25519 key that is not 32 bytes long');
      if (isSmallOrderPoint(point))
        throw unsupported('an Ed25519 point of small order, for which anyone can sign');
      shape = { algorithm: 'ed25519', bits: 256 };
      break;
    }
    default:
      throw unsupported(`algorithm ${oid}`);
  }
  algorithm.end();
  info.end();
  const hash = digest('sha256', spki);
  return {
    ...shape,
    spki,
    fingerprint: `sha256:${toHex(hash)}`,
    hint: encodeBase64(hash),
    keyObject: importObject(spki, 'spki'),
  };
}

function fromPkcs1(der: Uint8Array): PublicKey {
  checkRsa(der);
  return publicKeyOf(importObject(der, 'pkcs1'));
}

/** Checks an RSAPublicKey (RFC 8017 §A.1.1) and returns the size of its modulus in bits. */
function checkRsa(der: Uint8Array): number {
  const key = readDer(der);
  const modulus = key.positiveInteger();
  const exponent = key.smallInteger();
  key.end();
  const bits = modulus.byteLength * 8 - Math.clz32(modulus[0]!) + 24;
  if (bits < rsaBits.min || bits > rsaBits.max) throw unsupported(`an RSA key of ${bits} bits`);
  if (exponent < 65537 || exponent % 2 === 0) throw unsupported(`an RSA key with exponent ${exponent}`);
  if (modulus.at(-1)! % 2 === 0) throw unsupported('an RSA key with an even modulus');
  return bits;
}

/**
 * OpenSSL checks here that a point lies on its curve. In PEM, for which it has a short way: DER takes it six times as
 * long, as long as the verification of a signature.
 */
function importObject(der: Uint8Array, type: 'spki' | 'pkcs1'): KeyObject {
  try {
    return createPublicKey(formatPem(type === 'spki' ? 'PUBLIC KEY' : 'RSA PUBLIC KEY', der));
  } catch (cause) {
    throw cryptoErrors.error('KEY_INVALID', { message: 'the public key is not a valid one', cause });
  }
}

function unsupported(found: string) {
  return cryptoErrors.error('KEY_UNSUPPORTED', { message: `the public key is ${found}`, found });
}
