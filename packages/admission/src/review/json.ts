import { type JsonValue, parseJson } from '@pratique/crypto';

export interface JsonLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Objects, arrays, members and items, all counted. */
  readonly maxValues: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What `parseJson` reads and refuses, for bodies that arrive thousands of times a second: instead of remembering every
 * member name, it compares how many members the text has (colons outside of strings) with how many the parsed value
 * has. Fewer mean that a name was said twice. Anything that looks wrong goes to `parseJson`, which says what it is.
 *
 * @throws ENCODING_INVALID
 */
export function parseBody(body: Uint8Array, what: string, limits: JsonLimits): JsonValue {
  if (body.byteLength <= limits.maxBytes) {
    try {
      const text = decoder.decode(body);
      const { depth, members, values, hasEscapedNames } = measure(text);
      // Those `JSON.parse` does not always read rightly.
      if (depth <= limits.maxDepth && values <= limits.maxValues && !hasEscapedNames) {
        const value = JSON.parse(text) as JsonValue;
        if (countMembers(value) === members) return value;
      }
    } catch {
      // Not UTF-8 or not JSON.
    }
  }
  return parseJson(body, what, limits);
}

interface Measure {
  readonly depth: number;
  readonly members: number;
  readonly values: number;
  readonly hasEscapedNames: boolean;
}

/** Deepest nesting, and numbers of members and values. Right for JSON; for anything else it does not matter. */
function measure(text: string): Measure {
  let open = 0;
  let depth = 0;
  let members = 0;
  let values = 0;
  let isEscaped = false;
  let hasEscapedNames = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        isEscaped = false;
        for (at++; at < text.length; at++) {
          const code = text.charCodeAt(at);
          if (code === 0x22) break;
          if (code === 0x5c) {
            at++;
            isEscaped = true;
          }
        }
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++open > depth) depth = open;
        values++;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        open--;
        break;
      case 0x2c: // ,
        values++;
        break;
      case 0x3a: // :
        // Of the string before it, which is the last one that there was.
        hasEscapedNames ||= isEscaped;
        members++;
        break;
    }
  }
  return { depth, members, values, hasEscapedNames };
}

/** Recurses no deeper than `measure` allowed. */
function countMembers(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
    return count;
  }
  // Looking each up by its name would take as long as parsing, where there are many.
  for (const item of Object.values(value)) count += 1 + countMembers(item);
  return count;
}
