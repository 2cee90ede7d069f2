import { hsalsa, secretbox } from '@noble/ciphers/salsa.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { blake2b } from '@noble/hashes/blake2.js';

/** Who reads sealed boxes, as GitHub does. */
export function newRecipient() {
  const secret = x25519.utils.randomSecretKey();
  const publicKey = x25519.getPublicKey(secret);
  return {
    publicKey: Buffer.from(publicKey).toString('base64'),
    /** @throws for a box that is for somebody else, or damaged */
    open(base64: string): string {
      const box = Buffer.from(base64, 'base64');
      const theirs = box.subarray(0, 32);
      const shared = Buffer.from(x25519.getSharedSecret(secret, theirs));
      const words = (bytes: Buffer) =>
        Uint32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readUInt32LE(at * 4));
      const key = new Uint32Array(8);
      hsalsa(words(Buffer.from('expand 32-byte k')), words(shared), new Uint32Array(4), key);
      const keyBytes = Buffer.alloc(32);
      for (const [at, word] of key.entries()) keyBytes.writeUInt32LE(word, at * 4);
      const nonce = blake2b(Buffer.concat([theirs, publicKey]), { dkLen: 24 });
      return Buffer.from(secretbox(keyBytes, nonce).open(box.subarray(32))).toString();
    },
  };
}
