import { limits } from '../limits.ts';
import { type Place, unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { int } from '../values/number.ts';
import { compareScalars, Kind, string } from '../values/scalar.ts';
import { count, func, items, listOf, test, text } from './define.ts';
import type { Package } from './types.ts';

const S = Kind.string;
const list = (parts: readonly string[], at: Place): Concrete => listOf(parts.map(string), at);
const runes = (value: string) => Array.from(value).length;

/** Go's tables of letters are not those of JavaScript beyond ASCII. */
function ascii(value: string, at: Place): string {
  if (/[^\0-\x7f]/.test(value)) throw unsupported(at, 'this function of a text beyond ASCII');
  return value;
}

/** No more parts than show that there are too many. */
function split(value: string, separator: string): string[] {
  const most = limits.elements + 1;
  return separator === '' ? Array.from(value.slice(0, 2 * most)) : value.split(separator, most);
}

/** The parts of a text, at most `most` of them; what is over stays in the last. */
function splitN(value: string, separator: string, most: number, keep: boolean): string[] {
  const parts = split(value, separator);
  const end = keep ? separator : '';
  const whole = most < 0 || most >= parts.length ? parts.length : most;
  if (whole === 0) return [];
  const head = parts.slice(0, whole - 1).map((part) => part + end);
  return [...head, parts.slice(whole - 1).join(separator)];
}

const bytes = (value: string): number => new TextEncoder().encode(value).length;

/** Where in UTF-8 the unit is; -1 stays what it is. */
const position = (value: string, at: number): Concrete => int(at < 0 ? -1 : bytes(value.slice(0, at)));

/** Where the first, or the last, of these letters is. */
function anyOf(value: string, letters: string, last: boolean): Concrete {
  const set = new Set(Array.from(letters));
  let found = -1;
  let at = 0;
  for (const letter of value) {
    if (set.has(letter) && (last || found < 0)) found = at;
    at += letter.length;
  }
  return position(value, found);
}

/** The first letter of each word by the function. */
const capitals = (value: string, change: (letter: string) => string): Concrete =>
  string(value.replace(/(^|[\t\n\v\f\r ])([^\t\n\v\f\r ])/g, (_, before, letter) => before + change(letter)));

function replaced(value: string, from: string, to: string, times: number): string {
  // Nothing is before each letter, and at the end.
  const parts = from === '' ? ['', ...Array.from(value), ''] : value.split(from);
  const limit = times < 0 ? parts.length - 1 : Math.min(times, parts.length - 1);
  let result = parts[0]!;
  for (const [i, part] of parts.slice(1).entries()) result += (i < limit ? to : from) + part;
  return result;
}

function sized(length: number, at: Place): void {
  if (length > limits.text) throw unsupported(at, 'a text of such a length');
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
  ['Split', func([S, S], ([s, separator], at) => list(split(text(s), text(separator)), at))],
  [
    'Join',
    func([Kind.list, S], ([parts, separator], at) => {
      if (items(parts).some(({ kind }) => kind !== 'string')) return 'an element is no text';
      const separators = text(separator).length * items(parts).length;
      sized(
        items(parts).reduce((sum, part) => sum + text(part).length, separators),
        at,
      );
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
        at,
      ),
    ),
  ],
  [
    'Replace',
    func([S, S, S, Kind.int], ([s, from, to, times], at) => {
      sized(text(s).length * (text(to).length + 1), at);
      return string(replaced(text(s), text(from), text(to), count(times, at)));
    }),
  ],
  [
    'Repeat',
    func([S, Kind.int], ([s, n], at) => {
      const times = count(n, at);
      if (times < 0) return 'a negative number of times';
      sized(text(s).length * times, at);
      return string(text(s).repeat(times));
    }),
  ],
  [
    'SplitN',
    func([S, S, Kind.int], ([s, by, n], at) => list(splitN(text(s), text(by), count(n, at), false), at)),
  ],
  ['SplitAfter', func([S, S], ([s, by], at) => list(splitN(text(s), text(by), -1, true), at))],
  [
    'SplitAfterN',
    func([S, S, Kind.int], ([s, by, n], at) => list(splitN(text(s), text(by), count(n, at), true), at)),
  ],
  ['Index', func([S, S], ([s, part]) => position(text(s), text(s).indexOf(text(part))))],
  ['LastIndex', func([S, S], ([s, part]) => position(text(s), text(s).lastIndexOf(text(part))))],
  ['IndexAny', func([S, S], ([s, any]) => anyOf(text(s), text(any), false))],
  ['LastIndexAny', func([S, S], ([s, any]) => anyOf(text(s), text(any), true))],
  [
    'Runes',
    func([S], ([s], at) =>
      listOf(
        split(text(s), '').map((rune) => int(rune.codePointAt(0)!)),
        at,
      ),
    ),
  ],
  [
    'SliceRunes',
    func([S, Kind.int, Kind.int], ([s, from, to], at) => {
      const letters = Array.from(text(s));
      const [start, end] = [count(from, at), count(to, at)];
      if (start < 0 || start > end || end > letters.length) return 'an index is out of range';
      return string(letters.slice(start, end).join(''));
    }),
  ],
  ['ToTitle', func([S], ([s], at) => capitals(ascii(text(s), at), (letter) => letter.toUpperCase()))],
  ['ToCamel', func([S], ([s], at) => capitals(ascii(text(s), at), (letter) => letter.toLowerCase()))],
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
