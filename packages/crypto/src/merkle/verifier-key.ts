import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';
import { concatBytes, equalBytes, toHex } from '../encoding/bytes.ts';
import { cryptoErrors } from '../errors.ts';
import { type PublicKey, parsePublicKey } from '../keys/public-key.ts';
import { cosignatureKeyHint, cosignatureType } from './cosignature.ts';
import { noteKeyHash } from './note.ts';

/** Whose signatures are on notes (C2SP `signed-note`, verifier keys). */
export interface VerifierKey {
  readonly name: string;
  readonly key: PublicKey;
  /** Signs the note's text as a log does, or cosigns it as a witness does. */
  readonly role: 'log' | 'witness';
}

const [ed25519Type, ecdsaType] = [1, 2];
/** SubjectPublicKeyInfo of an Ed25519 key, up to the key (RFC 8410 §4). */
const ed25519Prefix = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const maxCharacters = 2048;

/**
 * Reads `NAME+KEY ID+BASE64`: a log's Ed25519 (type 1) or ECDSA key (type 2), or a witness's Ed25519 key (type 4).
 *
 * @throws NOTE_INVALID, ENCODING_INVALID, KEY_INVALID, KEY_UNSUPPORTED
 */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name, id, encoded] = /^([^\s+]{1,255})\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
  if (name === undefined || id === undefined || encoded === undefined || text.length > maxCharacters)
    throw invalid('is not NAME+KEY ID+KEY');
  const bytes = decodeBase64(encoded, 'a verifier key');
  const [type, material] = [bytes[0], bytes.subarray(1)];
  if (type !== ecdsaType && material.byteLength !== 32) throw invalid('is of a type that is not read here');
  const key = parsePublicKey(type === ecdsaType ? material : concatBytes(ed25519Prefix, material));
  if (type === ecdsaType ? !key.algorithm.startsWith('ecdsa') : key.algorithm !== 'ed25519')
    throw invalid('holds a key of another type than it says');
  if (type !== ed25519Type && type !== ecdsaType && type !== cosignatureType)
    throw invalid('is of a type that is not read here');
  const role = type === cosignatureType ? 'witness' : 'log';
  if (toHex(hintOf({ name, key, role })) !== id)
    throw invalid('has a key id that is not of its name and key');
  return { name, key, role };
}

/** The other way round. */
export function formatVerifierKey(verifier: VerifierKey): string {
  const { name, key, role } = verifier;
  const ed25519 = key.algorithm === 'ed25519';
  const type = role === 'witness' ? cosignatureType : ed25519 ? ed25519Type : ecdsaType;
  const bytes = concatBytes(Uint8Array.of(type), ed25519 ? key.spki.subarray(-32) : key.spki);
  return `${name}+${toHex(hintOf(verifier))}+${encodeBase64(bytes)}`;
}

/** The key id on the signature lines of notes. */
export function hintOf({ name, key, role }: VerifierKey): Uint8Array {
  return role === 'witness' ? cosignatureKeyHint(name, key) : noteKeyHash(name, key).subarray(0, 4);
}

/** Whether two keys are one, whatever they are called. */
export function sameKey(a: VerifierKey, b: VerifierKey): boolean {
  return equalBytes(a.key.spki, b.key.spki);
}

function invalid(message: string) {
  return cryptoErrors.error('NOTE_INVALID', { message: `the verifier key ${message}` });
}
