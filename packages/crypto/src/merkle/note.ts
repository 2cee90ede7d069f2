import { decodeBase64 } from '../encoding/base64.ts';
import { concatBytes, equalBytes } from '../encoding/bytes.ts';
import { digest } from '../encoding/digest.ts';
import { cryptoErrors } from '../errors.ts';
import type { PublicKey } from '../keys/public-key.ts';
import { verifySignature } from '../keys/verify.ts';

/** A signed note (C2SP `signed-note`), read but not verified. */
export interface Note {
  /** The text, its last line end included: the bytes that are signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** Four bytes that help to find the key and prove nothing. */
  readonly keyHint: Uint8Array;
  readonly signature: Uint8Array;
}

/** What a log signs about its tree (C2SP `tlog-checkpoint`). */
export interface Checkpoint extends Note {
  readonly origin: string;
  readonly treeSize: bigint;
  readonly rootHash: Uint8Array;
}

const encoder = new TextEncoder();
const maxLength = 64 * 1024;
const maxSignatures = 32;
const signatureLine = /^\u2014 ([^\s+]{1,255}) (\S+)$/;

/**
 * Reads a signed note: text, an empty line, then one to 32 signature lines; at most 64 KiB.
 *
 * @throws NOTE_INVALID, ENCODING_INVALID
 */
export function parseNote(note: string): Note {
  if (note.length > maxLength) throw invalid(`is larger than ${maxLength} characters`);
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) throw invalid('has no signature block');
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > maxSignatures) throw invalid(`has more than ${maxSignatures} signatures`);
  const signatures = lines.map((line) => {
    const [, name, encoded] = signatureLine.exec(line) ?? [];
    if (name === undefined || encoded === undefined) throw invalid('has a signature line that is none');
    const bytes = decodeBase64(encoded, 'a note’s signature');
    if (bytes.byteLength < 5) throw invalid('has an empty signature');
    return { name, keyHint: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  return { text: note.slice(0, end + 1), signatures };
}

/**
 * Reads a checkpoint: a signed note whose first lines are origin, tree size in decimal and root hash in base64.
 *
 * @throws NOTE_INVALID, ENCODING_INVALID
 */
export function parseCheckpoint(note: string): Checkpoint {
  const parsed = parseNote(note);
  const [origin = '', size = '', root = ''] = parsed.text.split('\n');
  if (origin === '' || !/^(0|[1-9]\d{0,18})$/.test(size)) throw invalid('has no origin and tree size');
  const rootHash = decodeBase64(root, 'a checkpoint’s root hash');
  if (rootHash.byteLength !== 32) throw invalid('has no root hash of 32 bytes');
  return { ...parsed, origin, treeSize: BigInt(size), rootHash };
}

/** How `isNoteSignedBy` finds the signatures that claim to be by a key. */
export interface NoteKey {
  readonly key: PublicKey;
  readonly keyHint: Uint8Array;
  /** The name that must stand on the line; any, where it is null. */
  readonly name: string | null;
}

/** True when one of the note's signatures claims to be by this key and is. Others do not matter. Never throws. */
export function isNoteSignedBy(note: Note, { key, keyHint, name }: NoteKey): boolean {
  const text = encoder.encode(note.text);
  return note.signatures.some(
    (line) =>
      (name === null || line.name === name) &&
      equalBytes(line.keyHint, keyHint) &&
      verifySignature(key, text, line.signature) !== null,
  );
}

/**
 * The full hash of which a note's key hint is the first four bytes: SHA-256 of name, line feed, signature type and key
 * for Ed25519 and RSA, and of the SubjectPublicKeyInfo alone for ECDSA, as Sigstore's logs have it.
 */
export function noteKeyHash(name: string, key: PublicKey): Uint8Array {
  const hash = (...parts: readonly Uint8Array[]) => digest('sha256', concatBytes(...parts));
  if (key.algorithm === 'ed25519') {
    return hash(encoder.encode(`${name}\n`), Uint8Array.of(1), key.spki.subarray(-32));
  }
  if (key.algorithm === 'rsa') {
    return hash(
      encoder.encode(`${name}\n`),
      Uint8Array.of(0xff),
      encoder.encode('PKIX-RSA-PKCS#1v1.5'),
      key.spki,
    );
  }
  return hash(key.spki);
}

function invalid(message: string) {
  return cryptoErrors.error('NOTE_INVALID', { message: `the signed note ${message}` });
}
