import type { JsonValue } from './json.ts';

const whiteSpace = '\t\n\r ';
/** What a number or a word ends before. */
const ends = `${whiteSpace},]}`;

/**
 * Reads a text of which `JSON.parse` has said that it is JSON. V8 13.6 reads a member name with an escape wrongly where some
 * object before, in any text, had a name with a backslash there: after `{"k":1,"image\\":1}` it takes the second name of
 * `{"k":1,"image\u0073":1}` for `image\`. So texts with such names are read here, which is slower. It recurses as deep as the
 * text nests.
 */
export function readEscapedNames(text: string): JsonValue {
  let at = 0;
  /** Passes over what is `among`, or is not. */
  const skip = (characters: string, among: boolean): void => {
    while (at < text.length && characters.includes(text[at]!) === among) at++;
  };
  /** The next character other than white space. */
  const next = (): string => {
    skip(whiteSpace, true);
    return text[at]!;
  };
  const scalar = (): JsonValue => {
    const start = at;
    skip(ends, false);
    return JSON.parse(text.slice(start, at)) as JsonValue;
  };
  const string = (): string => {
    const start = at;
    at = endOfString(text, start) + 1;
    return JSON.parse(text.slice(start, at)) as string;
  };
  /** What stands between a bracket and the one that closes it. */
  const between = (end: string, read: () => void): void => {
    at++;
    while (next() !== end) {
      read();
      if (next() === ',') at++;
    }
    at++;
  };
  const value = (): JsonValue => {
    switch (next()) {
      case '{': {
        const members: [string, JsonValue][] = [];
        between('}', () => {
          const name = string();
          next();
          at++;
          members.push([name, value()]);
        });
        return Object.fromEntries(members);
      }
      case '[': {
        const items: JsonValue[] = [];
        between(']', () => items.push(value()));
        return items;
      }
      case '"':
        return string();
      default:
        return scalar();
    }
  };
  return value();
}

/** Position of the quote that ends the string starting at `start`, or the text's length where none does. */
export function endOfString(text: string, start: number): number {
  let end = start;
  do {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
  } while (isEscaped(text, end));
  return end;
}

/** True when an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === 0x5c) first--;
  return (at - first) % 2 === 1;
}
