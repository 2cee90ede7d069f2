import { cryptoErrors } from '../errors.ts';
import { isJsonObject, type JsonValue } from './json.ts';

/**
 * Canonical JSON as TUF signs it (TUF specification §4.1, OLPC's): members sorted, no white space, in strings only the
 * quote and the backslash escaped, integers only. RFC 8785 escapes control characters as well.
 *
 * @throws ENCODING_INVALID for numbers that are not safe integers, and for lone surrogates
 */
export function olpcJson(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value))
      throw cryptoErrors.error('ENCODING_INVALID', {
        message: 'signed metadata holds a number that is no integer',
      });
    return String(value);
  }
  if (!isJsonObject(value)) return `[${value.map(olpcJson).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b));
  return `{${members.map(([name, member]) => `${quote(name)}:${olpcJson(member)}`).join(',')}}`;
}

function quote(text: string): string {
  if (!text.isWellFormed())
    throw cryptoErrors.error('ENCODING_INVALID', {
      message: 'signed metadata holds text that is not Unicode',
    });
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** As other implementations sort: by bytes of UTF-8, which is by code point, and differs from UTF-16's order. */
function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
