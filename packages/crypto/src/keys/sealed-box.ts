import { createRequire } from 'node:module';
import { cryptoErrors } from '../errors.ts';

const publicKeyBytes = 32;
/** "expand 32-byte k" (Salsa20). */
const sigma = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);

/**
 * Encrypts so that only the holder of a Curve25519 key can read it, and nobody knows who wrote it: libsodium's
 * `crypto_box_seal`. A new key pair, whose public half stands in front; its shared secret, through HSalsa20, is the key of
 * a NaCl secretbox, whose nonce is BLAKE2b of both public keys.
 *
 * @param recipient 32 bytes
 * @throws KEY_INVALID for a key that is none, or that shares no secret with anybody
 */
export function sealBox(recipient: Uint8Array, message: Uint8Array): Uint8Array {
  if (recipient.byteLength !== publicKeyBytes) throw unusable(`${recipient.byteLength} bytes`);
  const { x25519, blake2b, hsalsa, secretbox } = libraries();
  const secret = x25519.utils.randomSecretKey();
  const ours = x25519.getPublicKey(secret);
  let shared: Uint8Array;
  try {
    shared = x25519.getSharedSecret(secret, recipient);
  } catch (cause) {
    throw unusable('a point of small order', cause);
  }
  const key = new Uint32Array(8);
  hsalsa(sigma, wordsOf(shared), new Uint32Array(4), key);
  const both = Buffer.concat([ours, recipient]);
  const box = secretbox(bytesOf(key), blake2b(both, { dkLen: 24 }));
  return new Uint8Array(Buffer.concat([ours, box.seal(message)]));
}

/** Few commands encrypt anything: loaded by the first that does. */
function libraries() {
  const { x25519 } = createRequire(import.meta.url)(
    '@noble/curves/ed25519.js',
  ) as typeof import('@noble/curves/ed25519.js');
  const { blake2b } = createRequire(import.meta.url)(
    '@noble/hashes/blake2.js',
  ) as typeof import('@noble/hashes/blake2.js');
  const { hsalsa, secretbox } = createRequire(import.meta.url)(
    '@noble/ciphers/salsa.js',
  ) as typeof import('@noble/ciphers/salsa.js');
  return { x25519, blake2b, hsalsa, secretbox };
}

/** Little-endian, whatever the machine is. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getUint32(index * 4, true));
}

function bytesOf(words: Uint32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word, true);
  return new Uint8Array(view.buffer);
}

function unusable(found: string, cause?: unknown) {
  return cryptoErrors.error('KEY_INVALID', {
    message: 'this is no public key to encrypt for',
    expected: `Curve25519, ${publicKeyBytes} bytes`,
    found,
    cause,
  });
}
