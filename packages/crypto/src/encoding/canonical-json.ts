import { cryptoErrors } from '../errors.ts';
import type { JsonValue } from './json.ts';

/**
 * JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16 code units, no white space, ECMAScript numbers.
 * Log entries and their promises are signed in this form.
 *
 * @throws ENCODING_INVALID for what has no canonical form: NaN, infinities, lone surrogates, non-JSON values.
 */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonicalJson(item)).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${members.map(([name, member]) => `${quote(name)}:${canonicalJson(member)}`).join(',')}}`;
  }
  throw cryptoErrors.error('ENCODING_INVALID', { message: 'a value has no canonical JSON form' });
}

function quote(text: string): string {
  if (!text.isWellFormed()) {
    throw cryptoErrors.error('ENCODING_INVALID', {
      message: 'a string with a lone surrogate has no canonical JSON form',
    });
  }
  return JSON.stringify(text);
}
