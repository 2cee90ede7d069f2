import { allMatches, expressionOf, type Match, matcher } from '../eval/matcher.ts';
import { type Place, unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { Kind, string } from '../values/scalar.ts';
import { count, func, test, text } from './define.ts';
import type { Package } from './types.ts';

const S = Kind.string;
const none = 'no match';
const texts = (parts: readonly string[]): Concrete => ({ kind: 'list', items: parts.map(string) });
const list = (items: readonly Concrete[]): Concrete => ({ kind: 'list', items });

type Find = (found: readonly Match[], pattern: string, at: Place) => Concrete;

/** A function of the first match. */
const first = (result: Find) =>
  func([S, S], ([pattern, s], at) => {
    const found = allMatches(text(pattern), text(s), 1, at);
    return found.length === 0 ? none : result(found, text(pattern), at);
  });

/** A function of at most so many matches; of all where the number is negative. */
const all = (result: Find) =>
  func([S, S, Kind.int], ([pattern, s, n], at) => {
    const found = allMatches(text(pattern), text(s), count(n, at), at);
    return found.length === 0 ? none : result(found, text(pattern), at);
  });

const named = (groups: readonly string[], pattern: string, at: Place): Concrete => ({
  kind: 'struct',
  fields: new Map(
    Object.entries(expressionOf(pattern, at).namedGroups()).map(([name, index]) => [
      name,
      string(groups[index]!),
    ]),
  ),
});

/** What a replacement says with `$1` and `${1}`; other signs of `$` have rules of their own. */
function expanded(template: string, groups: readonly string[], at: Place): string {
  return template.replace(/\$(?:\{(\d{1,3})\}|(\d{1,3})(?!\w)|(\$)|)/g, (_, braced, bare, dollar) => {
    if (dollar !== undefined) return '$';
    const index = braced ?? bare;
    if (index === undefined) throw unsupported(at, 'such a replacement');
    return groups[Number(index)] ?? '';
  });
}

function replaced(
  pattern: string,
  source: string,
  at: Place,
  replacement: (groups: Match) => string,
): Concrete {
  let from = 0;
  let result = '';
  for (const groups of allMatches(pattern, source, -1, at)) {
    result += source.slice(from, groups.start) + replacement(groups);
    from = groups.start + groups[0]!.length;
  }
  return string(result + source.slice(from));
}

/** Package `regexp`. */
export const regexps: Package = new Map([
  ['Match', test([S, S], ([pattern, s], at) => matcher(text(pattern), at)(text(s)))],
  [
    'Valid',
    test([S], ([pattern], at) => {
      matcher(text(pattern), at);
      return true;
    }),
  ],
  ['Find', first(([found]) => string(found![0]!))],
  ['FindAll', all((found) => texts(found.map(([whole]) => whole!)))],
  ['FindSubmatch', first(([found]) => texts(found!))],
  ['FindAllSubmatch', all((found) => list(found.map(texts)))],
  ['FindNamedSubmatch', first(([found], pattern, at) => named(found!, pattern, at))],
  [
    'FindAllNamedSubmatch',
    all((found, pattern, at) => list(found.map((groups) => named(groups, pattern, at)))),
  ],
  [
    'ReplaceAll',
    func([S, S, S], ([pattern, s, to], at) =>
      replaced(text(pattern), text(s), at, (groups) => expanded(text(to), groups, at)),
    ),
  ],
  [
    'ReplaceAllLiteral',
    func([S, S, S], ([pattern, s, to], at) => replaced(text(pattern), text(s), at, () => text(to))),
  ],
  ['QuoteMeta', func([S], ([s]) => string(text(s).replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')))],
]);
