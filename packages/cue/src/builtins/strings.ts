import { type Place, unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { int } from '../values/number.ts';
import { compareScalars, Kind, string } from '../values/scalar.ts';
import { count, func, items, test, text } from './define.ts';
import type { Package } from './types.ts';

const S = Kind.string;
const list = (parts: readonly string[]): Concrete => ({ kind: 'list', items: parts.map(string) });
const runes = (value: string) => Array.from(value).length;

/** Go's tables of letters are not those of JavaScript beyond ASCII. */
function ascii(value: string, at: Place): string {
  if (/[^\0-\x7f]/.test(value)) throw unsupported(at, 'this function of a text beyond ASCII');
  return value;
}

function split(value: string, separator: string): string[] {
  return separator === '' ? Array.from(value) : value.split(separator);
}

function trimmed(value: string, cut: string, side: 'both' | 'left' | 'right'): string {
  const set = new Set(Array.from(cut));
  const letters = Array.from(value);
  let from = 0;
  let to = letters.length;
  if (side !== 'right') while (from < to && set.has(letters[from]!)) from++;
  if (side !== 'left') while (to > from && set.has(letters[to - 1]!)) to--;
  return letters.slice(from, to).join('');
}

/** Package `strings`. */
export const strings: Package = new Map([
  ['MinRunes', test([S, Kind.int], ([s, n], at) => runes(text(s)) >= count(n, at))],
  ['MaxRunes', test([S, Kind.int], ([s, n], at) => runes(text(s)) <= count(n, at))],
  ['HasPrefix', test([S, S], ([s, prefix]) => text(s).startsWith(text(prefix)))],
  ['HasSuffix', test([S, S], ([s, suffix]) => text(s).endsWith(text(suffix)))],
  ['Contains', test([S, S], ([s, part]) => text(s).includes(text(part)))],
  ['ContainsAny', test([S, S], ([s, any]) => Array.from(text(any)).some((one) => text(s).includes(one)))],
  ['Compare', func([S, S], ([a, b]) => int(compareScalars(string(text(a)), string(text(b)))!))],
  [
    'Count',
    func([S, S], ([s, part]) =>
      int(text(part) === '' ? runes(text(s)) + 1 : text(s).split(text(part)).length - 1),
    ),
  ],
  ['Split', func([S, S], ([s, separator]) => list(split(text(s), text(separator))))],
  [
    'Join',
    func([Kind.list, S], ([parts, separator]) => {
      if (items(parts).some(({ kind }) => kind !== 'string')) return 'an element is no text';
      return string(items(parts).map(text).join(text(separator)));
    }),
  ],
  [
    'Fields',
    func([S], ([s], at) =>
      list(
        ascii(text(s), at)
          .split(/[\t\n\v\f\r ]+/)
          .filter((part) => part !== ''),
      ),
    ),
  ],
  [
    'Replace',
    func([S, S, S, Kind.int], ([s, from, to, times], at) => {
      if (text(from) === '') throw unsupported(at, 'Replace of the empty text');
      const limit = count(times, at);
      const parts = text(s).split(text(from));
      if (limit < 0 || limit >= parts.length) return string(parts.join(text(to)));
      return string([...parts.slice(0, limit), parts.slice(limit).join(text(from))].join(text(to)));
    }),
  ],
  ['ToUpper', func([S], ([s], at) => string(ascii(text(s), at).toUpperCase()))],
  ['ToLower', func([S], ([s], at) => string(ascii(text(s), at).toLowerCase()))],
  [
    'TrimSpace',
    func([S], ([s], at) => string(ascii(text(s), at).replace(/^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g, ''))),
  ],
  ['Trim', func([S, S], ([s, cut]) => string(trimmed(text(s), text(cut), 'both')))],
  ['TrimLeft', func([S, S], ([s, cut]) => string(trimmed(text(s), text(cut), 'left')))],
  ['TrimRight', func([S, S], ([s, cut]) => string(trimmed(text(s), text(cut), 'right')))],
  [
    'TrimPrefix',
    func([S, S], ([s, prefix]) =>
      string(text(s).startsWith(text(prefix)) ? text(s).slice(text(prefix).length) : text(s)),
    ),
  ],
  [
    'TrimSuffix',
    func([S, S], ([s, suffix]) =>
      string(
        text(s).endsWith(text(suffix)) ? text(s).slice(0, text(s).length - text(suffix).length) : text(s),
      ),
    ),
  ],
]);
