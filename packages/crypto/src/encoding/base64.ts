import { cryptoErrors } from '../errors.ts';

/**
 * Decodes base64 (RFC 4648 §4) in its one canonical form: standard alphabet, padding present, no white space, and the
 * unused bits of the last character zero. Two different texts never decode to the same bytes, so a text that was
 * compared or hashed cannot be swapped for another one.
 *
 * @throws ENCODING_INVALID; `what` names the value in the message.
 */
export function decodeBase64(text: string, what: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // Node skips what it does not know; only the canonical form survives the way back.
  if (bytes.toString('base64') !== text) {
    throw cryptoErrors.error('ENCODING_INVALID', { message: `${what} is not base64 in its canonical form` });
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
