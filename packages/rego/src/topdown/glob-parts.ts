import { RegoArray, type Value } from '../values/index.ts';

/** The characters that divide a string, for `glob.match`; undefined where they are not known. */
export function delimiterText(delimiters: Value): string | undefined {
  if (!(delimiters instanceof RegoArray)) return undefined;
  if (delimiters.length === 0) return '.';
  const { items } = delimiters;
  return items.every((item) => typeof item === 'string') ? items.join('') : undefined;
}

/** The parts of a pattern, undefined for `*`; undefined where a part is a pattern of its own. */
export function globParts(pattern: string, delimiter: string): (string | undefined)[] | undefined {
  const parts = splitEscaped(pattern, delimiter);
  const isPattern = (part: string): boolean => part !== '*' && /(?<!\\)(?:\\\\)*[[?{*]/.test(part);
  return parts.some(isPattern) ? undefined : parts.map((part) => (part === '*' ? undefined : part));
}

/** Splits at delimiters that no backslash stands before. */
export function splitEscaped(text: string, delimiter: string): string[] {
  const parts: string[] = [];
  let part = '';
  let escaped = false;
  for (const character of text) {
    if (character === '\\' || escaped) escaped = !escaped;
    else if (delimiter.includes(character)) {
      parts.push(part);
      part = '';
      continue;
    }
    part += character;
  }
  parts.push(part);
  return parts;
}
