import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject, type SigningKey, toHex } from '@pratique/crypto';

/** A key as TUF metadata has it, and its id (TUF specification §4.2). Ed25519 only. */
export function tufKey(key: SigningKey): { readonly id: string; readonly value: JsonObject } {
  const value = {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: toHex(key.publicKey.spki.subarray(-32)) },
  };
  return { id: sha256(canonicalJson(value)), value };
}

/**
 * Metadata signed by each of the keys. The canonical form is that of RFC 8785, which for what is written here (no control
 * characters, no fractions) is the canonical JSON that TUF signs.
 */
export function signMetadata(signed: JsonObject, keys: readonly SigningKey[]): string {
  const bytes = new TextEncoder().encode(canonicalJson(signed));
  const signatures = keys.map((key) => ({ keyid: tufKey(key).id, sig: toHex(key.sign(bytes)) }));
  return `${JSON.stringify({ signatures, signed }, null, 1)}\n`;
}

/** `length` and `hashes` of a file. */
export function fileInfo(content: string): {
  readonly length: number;
  readonly hashes: { readonly sha256: string };
} {
  return { length: new TextEncoder().encode(content).byteLength, hashes: { sha256: sha256(content) } };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
