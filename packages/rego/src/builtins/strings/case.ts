/** `lower`, `upper`, `strings.reverse`. */
import { stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { T } from '../types.ts';

const textToText = { args: [T.string], result: T.string };

registerBuiltin('lower', textToText, (_context, text) => mapCase(stringOperand(text, 1), lowerOf));
registerBuiltin('upper', textToText, (_context, text) => mapCase(stringOperand(text, 1), upperOf));
registerBuiltin('strings.reverse', textToText, (_context, text) => {
  return [...stringOperand(text, 1)].reverse().join('');
});

/** Letters without a counterpart in Unicode 15, which Go has. The platform's may be newer. */
const NEWER =
  /[\u019b\u0264\u1c89\u1c8a\ua7cb-\ua7cf\ua7d2-\ua7d5\ua7da-\ua7dd\u{10d50}-\u{10d85}\u{16ea0}-\u{16ed3}]/u;

/** Go maps code point by code point: no final sigma, and no mapping to several letters (`ß` stays). */
function mapCase(text: string, map: (character: string) => string): string {
  if (/^[\u0000-\u007f]*$/.test(text)) return map(text);
  let out = '';
  for (const character of text) {
    const mapped = NEWER.test(character) ? character : map(character);
    out += [...mapped].length === 1 ? mapped : character;
  }
  return out;
}

/** `İ` alone has a simple mapping beside its full one. */
function lowerOf(text: string): string {
  return text === '\u0130' ? 'i' : text.toLowerCase();
}

/** Of Greek letters with an iota subscript the simple mappings are those that titles have. */
function upperOf(text: string): string {
  if (/^[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7]$/.test(text)) {
    return String.fromCharCode(text.charCodeAt(0) + 8);
  }
  return /^[\u1fb3\u1fc3\u1ff3]$/.test(text)
    ? String.fromCharCode(text.charCodeAt(0) + 9)
    : text.toUpperCase();
}
