/** `lower`, `upper`, `strings.reverse`. */
import { stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { T } from '../types.ts';

const textToText = { args: [T.string], result: T.string };

registerBuiltin('lower', textToText, (_context, text) => mapCase(stringOperand(text, 1), 'toLowerCase'));
registerBuiltin('upper', textToText, (_context, text) => mapCase(stringOperand(text, 1), 'toUpperCase'));
registerBuiltin('strings.reverse', textToText, (_context, text) => {
  return [...stringOperand(text, 1)].reverse().join('');
});

/** Go maps code point by code point: no final sigma, and no mapping to several letters (`ß` stays). */
function mapCase(text: string, method: 'toLowerCase' | 'toUpperCase'): string {
  if (/^[\u0000-\u007f]*$/.test(text)) return text[method]();
  let out = '';
  for (const character of text) {
    const mapped = character[method]();
    // U+0130 and U+1E9E have simple mappings although their full ones are longer or absent.
    const single = character === '\u0130' ? 'i' : mapped;
    out += [...single].length === 1 ? single : character;
  }
  return out;
}
