import { numberText } from './number.ts';
import type { Value } from './value.ts';

/** A value as a Rego term: `{"a": [1, 2]}`, `{1, 2}`, `set()`. What `sprintf("%v")`, `print` and messages show. */
export function toTerm(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quoteTerm(value);
  if (typeof value !== 'object') return String(value);
  switch (value.rank) {
    case 2:
      return numberText(value);
    case 4:
      return `[${value.items.map(toTerm).join(', ')}]`;
    case 5:
      return `{${value
        .keys()
        .map((key) => `${toTerm(key)}: ${toTerm(value.get(key) as Value)}`)
        .join(', ')}}`;
    default:
      return value.size === 0 ? 'set()' : `{${value.values().map(toTerm).join(', ')}}`;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** A quoted string as Go's `strconv.Quote` writes it. */
export function quoteTerm(text: string): string {
  if (!/["\\]|[^ -~]/.test(text)) return `"${text}"`;
  let out = '"';
  for (const character of text.toWellFormed()) {
    const short = ESCAPES[character];
    if (short !== undefined) out += short;
    else if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) out += character;
    else {
      const code = character.codePointAt(0) as number;
      if (code < 0x80) out += `\\x${code.toString(16).padStart(2, '0')}`;
      else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, '0')}`;
      else out += `\\U${code.toString(16).padStart(8, '0')}`;
    }
  }
  return `${out}"`;
}
