import { rethrowOverflow } from '../../stack.ts';

/**
 * Rego strings are Unicode text, but some built-ins (`base64.decode`, `hex.decode`, `urlquery.decode`, `io.jwt.*`)
 * pass arbitrary bytes through strings, as Go strings are bytes. A byte that is not part of valid UTF-8 is carried as
 * the lone surrogate U+DC80…U+DCFF (the "surrogateescape" convention), so `hex.encode(base64.decode(x))` is exact.
 * JSON output replaces a lone surrogate by U+FFFD, which is also what Go does with an invalid byte.
 */
const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of UTF-8 bytes; bytes that are not UTF-8 are escaped one by one, so that {@link utf8Bytes} gives them back. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch (error) {
    rethrowOverflow(error);
    return escapeInvalid(bytes);
  }
}

/** The bytes Go would hold for this string. */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  if (text.isWellFormed()) return encoder.encode(text);
  const parts: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) parts.push(code - 0xdc00);
    else for (const byte of encoder.encode(character)) parts.push(byte);
  }
  return Uint8Array.from(parts);
}

/** The bytes as a string of code units 0…255, for parsers that work on bytes. */
export function byteString(text: string): string {
  return isAscii(text) ? text : latin1(utf8Bytes(text));
}

/** Inverse of {@link byteString}. */
export function textOfByteString(bytes: string): string {
  return isAscii(bytes) ? bytes : textOfBytes(Uint8Array.from(bytes, (unit) => unit.charCodeAt(0)));
}

/** True where every code unit is below 0x80. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function latin1(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 8192) {
    out += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return out;
}

function escapeInvalid(bytes: Uint8Array): string {
  let out = '';
  let start = 0;
  for (let i = 0; i < bytes.length; ) {
    const size = sequenceLength(bytes, i);
    if (size > 0) {
      i += size;
      continue;
    }
    out += strictDecoder.decode(bytes.subarray(start, i)) + String.fromCharCode(0xdc00 + bytes[i]!);
    start = ++i;
  }
  return out + strictDecoder.decode(bytes.subarray(start));
}

/** Length of the valid UTF-8 sequence at `i`, or 0 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
function sequenceLength(bytes: Uint8Array, i: number): number {
  const lead = bytes[i]!;
  if (lead < 0x80) return 1;
  const size =
    lead >= 0xc2 && lead <= 0xdf
      ? 2
      : lead >= 0xe0 && lead <= 0xef
        ? 3
        : lead >= 0xf0 && lead <= 0xf4
          ? 4
          : 0;
  if (size === 0 || i + size > bytes.length) return 0;
  const second = bytes[i + 1]!;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let k = 2; k < size; k++) if ((bytes[i + k]! & 0xc0) !== 0x80) return 0;
  return size;
}
