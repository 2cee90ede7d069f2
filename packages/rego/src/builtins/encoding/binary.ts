/** `base64.*`, `base64url.*`, `hex.*`. */
import { isPrintable } from '../go/quote.ts';
import { byteString, textOfBytes, utf8Bytes } from '../go/utf8.ts';
import { chargeText } from '../limits.ts';
import { stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';

const textToText = { args: [T.string], result: T.string };

register('base64.encode', (bytes) => bytes.toString('base64'));
register('base64url.encode', (bytes) => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_'));
register('base64url.encode_no_pad', (bytes) => bytes.toString('base64url'));
register('hex.encode', (bytes) => bytes.toString('hex'));

function register(name: string, encode: (bytes: Buffer) => string): void {
  registerBuiltin(name, textToText, (context, text) => {
    const operand = stringOperand(text, 1);
    chargeText(context, operand.length * 2);
    return encode(Buffer.from(utf8Bytes(operand)));
  });
}

registerBuiltin('base64.decode', textToText, (context, text) => {
  return textOfBytes(charged(context, base64Decode(stringOperand(text, 1))));
});

registerBuiltin('base64.is_valid', { args: [T.string], result: T.boolean }, (_context, text) => {
  return typeof text === 'string' && illegalBase64At(text, base64Alphabet) === undefined;
});

registerBuiltin('base64url.decode', textToText, (context, text) => {
  return textOfBytes(charged(context, base64UrlDecode(stringOperand(text, 1))));
});

registerBuiltin('hex.decode', textToText, (context, text) => {
  const operand = byteString(stringOperand(text, 1));
  chargeText(context, operand.length);
  const bad = /[^0-9a-fA-F]/.exec(operand);
  if (bad !== null) {
    const shown = isPrintable(bad[0]) ? ` '${bad[0]}'` : '';
    const code = bad[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    throw new BuiltinError(`encoding/hex: invalid byte: U+${code}${shown}`);
  }
  if (operand.length % 2 === 1) throw new BuiltinError('encoding/hex: odd length hex string');
  return textOfBytes(Buffer.from(operand, 'hex'));
});

function charged(context: BuiltinContext, bytes: Uint8Array): Uint8Array {
  chargeText(context, bytes.length);
  return bytes;
}

interface Alphabet {
  readonly digit: RegExp;
  /** Digits with padding at the end, which is all that ordinary text has. */
  readonly unbroken: RegExp;
}

const base64Alphabet: Alphabet = { digit: /[A-Za-z0-9+/]/, unbroken: /^[A-Za-z0-9+/]*={0,2}$/ };
const base64UrlAlphabet: Alphabet = { digit: /[A-Za-z0-9\-_]/, unbroken: /^[A-Za-z0-9\-_]*={0,2}$/ };

/** Go's `base64.StdEncoding`: padding required, line breaks passed over. Throws the error OPA gives. */
export function base64Decode(text: string): Uint8Array {
  return decode(text, base64Alphabet);
}

/** The URL alphabet, with or without padding (RFC 7515 appendix C). */
export function base64UrlDecode(text: string): Uint8Array {
  if (text.endsWith('=')) return decode(text, base64UrlAlphabet);
  const rest = byteString(text).length % 4;
  if (rest === 1) throw new BuiltinError(`illegal base64url string: ${text}`);
  return decode(text + '='.repeat((4 - rest) % 4), base64UrlAlphabet);
}

function decode(text: string, alphabet: Alphabet): Uint8Array {
  const at = illegalBase64At(text, alphabet);
  if (at !== undefined) throw new BuiltinError(`illegal base64 data at input byte ${at}`);
  return Buffer.from(text, 'base64');
}

/** The byte offset Go would report, or undefined for valid text. */
function illegalBase64At(text: string, alphabet: Alphabet): number | undefined {
  if (text.length % 4 === 0 && alphabet.unbroken.test(text)) return undefined;
  const bytes = byteString(text);
  let quantum = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === '\n' || byte === '\r') continue;
    if (alphabet.digit.test(byte)) {
      quantum = (quantum + 1) % 4;
      continue;
    }
    if (byte !== '=' || quantum < 2) return i;
    return illegalPaddingAt(bytes, i, quantum);
  }
  return quantum === 0 ? undefined : bytes.length - quantum;
}

function illegalPaddingAt(bytes: string, at: number, quantum: number): number | undefined {
  let next = at + 1;
  const skip = () => {
    while (bytes[next] === '\n' || bytes[next] === '\r') next++;
  };
  skip();
  if (quantum === 2) {
    if (next === bytes.length) return bytes.length;
    if (bytes[next] !== '=') return next - 1;
    next++;
    skip();
  }
  return next < bytes.length ? next : undefined;
}
