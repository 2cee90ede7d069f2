import { printable } from '@pratique/errors';
import { cryptoErrors } from '../errors.ts';
import { endOfString, readEscapedNames } from './json-names.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export interface JsonLimits {
  /** Bytes of UTF-8. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Nesting of arrays and objects. Default 64. */
  readonly maxDepth?: number;
  /**
   * Objects, arrays, members and items, all counted: what a text costs beyond its bytes. Default: as many as there are.
   */
  readonly maxValues?: number;
}

/** Shared: decoding whole inputs leaves no state behind. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses JSON that somebody signed. Stricter than `JSON.parse`: UTF-8 must be well formed, there is no byte order
 * mark, no object names a member twice (parsers disagree about which one counts, and a signature must mean one
 * thing), and size and depth are limited before anything is built.
 *
 * @throws ENCODING_INVALID; `what` names the document in the message.
 */
export function parseJson(bytes: Uint8Array, what: string, limits: JsonLimits = {}): JsonValue {
  const { maxBytes = 16 * 1024 * 1024, maxDepth = 64, maxValues = Number.POSITIVE_INFINITY } = limits;
  if (bytes.byteLength > maxBytes) {
    throw refuse(`${what} is larger than ${maxBytes} bytes`, `${bytes.byteLength} bytes`);
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw refuse(`${what} is not UTF-8`);
  }
  const hasEscapedNames = scan(text, what, maxDepth, maxValues);
  try {
    const value = JSON.parse(text) as JsonValue;
    return hasEscapedNames ? readEscapedNames(text) : value;
  } catch {
    throw refuse(`${what} is not JSON`, bytes.byteLength === 0 ? 'nothing' : printable(text, 40));
  }
}

/** True for an object, not an array and not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * One pass over the text: depth, number and repeated member names. Syntax is left to `JSON.parse`.
 *
 * @returns whether a member name has an escape in it
 */
function scan(text: string, what: string, maxDepth: number, maxValues: number): boolean {
  // One entry per open bracket: the names seen in an object, or null for an array.
  const open: (Set<string> | null)[] = [];
  let key = false;
  let hasEscapedNames = false;
  let values = 0;
  const count = () => {
    if (++values > maxValues) throw refuse(`${what} has more than ${maxValues} values`);
  };
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x7b: // {
      case 0x5b: // [
        count();
        key = text.charCodeAt(i) === 0x7b;
        if (open.push(key ? new Set() : null) > maxDepth)
          throw refuse(`${what} is nested deeper than ${maxDepth}`);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        key = false;
        break;
      case 0x2c: // ,
        count();
        key = open.at(-1) instanceof Set;
        break;
      case 0x22: {
        const start = i;
        i = endOfString(text, start);
        const names = open.at(-1);
        if (key && names instanceof Set) {
          const quoted = text.slice(start, i + 1);
          hasEscapedNames ||= quoted.includes('\\');
          const name = memberName(quoted, what);
          if (names.has(name)) throw refuse(`${what} names a member twice`, printable(name, 60));
          names.add(name);
        }
        key = false;
        break;
      }
    }
  }
  return hasEscapedNames;
}

function memberName(quoted: string, what: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw refuse(`${what} is not JSON`, printable(quoted, 40));
  }
}

function refuse(message: string, found?: string) {
  return cryptoErrors.error('ENCODING_INVALID', { message, found });
}
