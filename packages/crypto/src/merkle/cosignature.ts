import { createHash } from 'node:crypto';
import { encodeBase64 } from '../encoding/base64.ts';
import { concatBytes, equalBytes, uintBytes } from '../encoding/bytes.ts';
import type { PublicKey } from '../keys/public-key.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import { verifySignature } from '../keys/verify.ts';
import type { Note } from './note.ts';

/** A witness's signature over a checkpoint (C2SP `tlog-cosignature`). */
export interface Cosignature {
  readonly name: string;
  /** When the witness saw the tree. */
  readonly time: Date;
}

/** Type of a timestamped Ed25519 cosignature (C2SP `signed-note`). */
export const cosignatureType = 4;

/**
 * The cosignature of the witness with this name and Ed25519 key, if the note carries one that verifies: signature type
 * 4, whose 72 bytes are a time and a signature over `cosignature/v1`, that time and the note's text. Never throws.
 */
export function findCosignature(note: Note, name: string, key: PublicKey): Cosignature | null {
  if (key.algorithm !== 'ed25519') return null;
  const keyHint = cosignatureKeyHint(name, key);
  for (const line of note.signatures) {
    if (line.name !== name || !equalBytes(line.keyHint, keyHint) || line.signature.byteLength !== 72)
      continue;
    const seconds = line.signature.subarray(0, 8).reduce((value, byte) => value * 256 + byte, 0);
    const time = new Date(seconds * 1000);
    if (Number.isNaN(time.getTime())) continue;
    const text = signedText(note.text, seconds);
    if (verifySignature(key, text, line.signature.subarray(8), ['ed25519']) !== null) return { name, time };
  }
  return null;
}

/** The signature line of a witness for a note's text, with its line end; the time is that of signing, to the second. */
export function signCosignature(text: string, name: string, key: SigningKey, time: Date): string {
  const seconds = Math.floor(time.getTime() / 1000);
  const signature = key.sign(signedText(text, seconds));
  const bytes = concatBytes(cosignatureKeyHint(name, key.publicKey), uintBytes(seconds, 8), signature);
  return `\u2014 ${name} ${encodeBase64(bytes)}\n`;
}

/** Four bytes by which the key of a witness is found (C2SP `tlog-cosignature`). */
export function cosignatureKeyHint(name: string, key: PublicKey): Uint8Array {
  const hash = createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(cosignatureType))
    .update(key.spki.subarray(-32));
  return new Uint8Array(hash.digest().subarray(0, 4));
}

function signedText(text: string, seconds: number): Uint8Array {
  return new TextEncoder().encode(`cosignature/v1\ntime ${seconds}\n${text}`);
}
