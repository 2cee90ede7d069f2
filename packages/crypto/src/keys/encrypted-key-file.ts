import { randomBytes, scryptSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { printable } from '@pratique/errors';
import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../encoding/json.ts';
import { formatPem } from '../encoding/pem.ts';
import { cryptoErrors } from '../errors.ts';

/** PEM labels of Cosign's encrypted key file, the one written today first. */
export const encryptedKeyLabels: readonly string[] = [
  'ENCRYPTED SIGSTORE PRIVATE KEY',
  'ENCRYPTED COSIGN PRIVATE KEY',
];

/** The only scrypt costs ever written (2¹⁵, 2¹⁶, 2¹⁷). Any other is refused: a file must not choose how long we work. */
const allowedCosts = [32_768, 65_536, 131_072];
const defaultCost = 65_536;

/** Most commands open no key file: loaded with the first one. */
function secretbox(key: Uint8Array, nonce: Uint8Array) {
  const library = createRequire(import.meta.url)(
    '@noble/ciphers/salsa.js',
  ) as typeof import('@noble/ciphers/salsa.js');
  return library.secretbox(key, nonce);
}

/**
 * Opens the JSON inside Cosign's key file (go-securesystemslib `encrypted`): scrypt with r = 8, p = 1 makes the key,
 * NaCl secretbox holds PKCS #8.
 *
 * @throws KEY_PASSWORD_WRONG, KEY_FILE_INVALID
 */
export function decryptKeyFile(json: Uint8Array, password: string | Uint8Array): Uint8Array {
  const file = parse(json);
  const box = secretbox(deriveKey(password, file.salt, file.cost), file.nonce);
  try {
    return box.open(file.ciphertext);
  } catch {
    throw cryptoErrors.error('KEY_PASSWORD_WRONG', {
      message: 'the password does not open this private key file',
    });
  }
}

/** Writes Cosign's key file, PEM, with the cost Cosign uses today (N = 65536). */
export function encryptKeyFile(pkcs8: Uint8Array, password: string | Uint8Array): string {
  const salt = randomBytes(32);
  const nonce = randomBytes(24);
  const ciphertext = secretbox(deriveKey(password, salt, defaultCost), nonce).seal(pkcs8);
  const json = JSON.stringify({
    kdf: { name: 'scrypt', params: { N: defaultCost, r: 8, p: 1 }, salt: encodeBase64(salt) },
    cipher: { name: 'nacl/secretbox', nonce: encodeBase64(nonce) },
    ciphertext: encodeBase64(ciphertext),
  });
  return formatPem(encryptedKeyLabels[0]!, new TextEncoder().encode(json));
}

function deriveKey(password: string | Uint8Array, salt: Uint8Array, cost: number): Uint8Array {
  // scrypt needs 128 · N · r bytes: 128 MiB at the largest cost; Node's default limit is 32 MiB.
  return new Uint8Array(scryptSync(password, salt, 32, { N: cost, r: 8, p: 1, maxmem: 192 * 1024 * 1024 }));
}

interface KeyFile {
  readonly cost: number;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

function parse(json: Uint8Array): KeyFile {
  const document = object(
    parseJson(json, 'the private key file', { maxBytes: 64 * 1024, maxDepth: 8 }),
    'the file',
  );
  const kdf = object(document.kdf, 'kdf');
  const params = object(kdf.params, 'kdf.params');
  const cipher = object(document.cipher, 'cipher');
  expectValue(kdf.name, 'scrypt', 'kdf.name');
  expectValue(cipher.name, 'nacl/secretbox', 'cipher.name');
  expectValue(params.r, 8, 'kdf.params.r');
  expectValue(params.p, 1, 'kdf.params.p');
  const cost = params.N;
  if (typeof cost !== 'number' || !allowedCosts.includes(cost)) {
    throw invalid('kdf.params.N', allowedCosts.join(', '), cost);
  }
  const nonce = base64(cipher.nonce, 'cipher.nonce');
  if (nonce.byteLength !== 24) throw invalid('the length of cipher.nonce', '24', nonce.byteLength);
  const salt = base64(kdf.salt, 'kdf.salt');
  if (salt.byteLength < 16 || salt.byteLength > 64)
    throw invalid('the length of kdf.salt', '32', salt.byteLength);
  const ciphertext = base64(document.ciphertext, 'ciphertext');
  if (ciphertext.byteLength < 16)
    throw invalid('the length of ciphertext', 'at least 16', ciphertext.byteLength);
  return { cost, salt, nonce, ciphertext };
}

function object(value: JsonValue | undefined, where: string): JsonObject {
  if (!isJsonObject(value)) throw invalid(where, 'an object', value);
  return value;
}

function base64(value: JsonValue | undefined, where: string): Uint8Array {
  if (typeof value !== 'string') throw invalid(where, 'base64', value);
  return decodeBase64(value, where);
}

function expectValue(value: JsonValue | undefined, expected: string | number, where: string): void {
  if (value !== expected) throw invalid(where, String(expected), value);
}

function invalid(where: string, expected: string, found: JsonValue | undefined) {
  return cryptoErrors.error('KEY_FILE_INVALID', {
    message: `the private key file is not usable: ${where} is not what it must be`,
    expected,
    // Strings may be key material in a damaged file; numbers and kinds are not.
    found: typeof found === 'number' ? printable(String(found)) : found === null ? 'null' : typeof found,
  });
}
