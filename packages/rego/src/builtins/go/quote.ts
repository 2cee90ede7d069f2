/** Go's `strconv.Quote` family: error texts and `%q` of `sprintf` show strings this way. */

const escapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols, and of the spaces only U+0020. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** The string in double quotes with Go's escapes; `ascii` escapes everything above 0x7E (`%+q`). */
export function quote(text: string, ascii = false): string {
  let out = '"';
  for (const character of text) out += escaped(character, '"', ascii);
  return `${out}"`;
}

/** One code point in single quotes (`%q` of a number). */
export function quoteRune(code: number, ascii = false): string {
  const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return `'${escaped(valid ? String.fromCodePoint(code) : '\ufffd', "'", ascii)}'`;
}

/** `strconv.CanBackquote`: no control characters but tab, no backquote, no BOM, valid text. */
export function canBackquote(text: string): boolean {
  return text.isWellFormed() && !/[\u0000-\u0008\u000a-\u001f`\u007f\ufeff]/.test(text);
}

/** True where Go would print the code point rather than escape it. */
export function isPrintable(character: string): boolean {
  return printable.test(character);
}

function escaped(character: string, delimiter: string, ascii: boolean): string {
  if (character === delimiter) return `\\${delimiter}`;
  const known = escapes[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0)!;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
  if (ascii ? code >= 0x20 && code < 0x7f : printable.test(character)) return character;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0');
}
