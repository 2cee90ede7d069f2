import { limits } from '../limits.ts';
import { type Place, unsupported } from '../syntax/source.ts';
import { type Concrete, equal } from '../values/concrete.ts';
import { arithmetic, type CueNumber, compareNumbers, decimal, divide, int } from '../values/number.ts';
import { compareScalars, Kind, type Scalar } from '../values/scalar.ts';
import { count, func, items, listOf, test } from './define.ts';
import type { Builtin, Package } from './types.ts';

const L = Kind.list;
const I = Kind.int;
const N = Kind.number;
const maxLength = 10_000;

/** CUE's functions of equality see `1` and `1.0` in ways of their own. */
function withoutFloats(value: Concrete, at: Place): Concrete {
  if (value.kind === 'number' && !value.int) throw unsupported(at, 'the equality of floats in lists');
  const parts =
    value.kind === 'list' ? value.items : value.kind === 'struct' ? [...value.fields.values()] : [];
  for (const part of parts) withoutFloats(part, at);
  return value;
}

function unique(list: Concrete, at: Place): boolean {
  const parts = items(withoutFloats(list, at));
  if (parts.length > 2000) throw unsupported(at, 'UniqueItems of so many elements');
  const twice = parts.filter((part, i) => parts.slice(0, i).some((other) => equal(part, other)));
  if (twice.some(({ kind }) => kind !== 'list' && kind !== 'struct')) return false;
  // CUE lets these pass, as if they could still become different.
  if (twice.length > 0) throw unsupported(at, 'UniqueItems of lists or structs that are equal');
  return true;
}

const numbers = (list: Concrete | undefined): readonly CueNumber[] | null =>
  items(list).every(({ kind }) => kind === 'number') ? (items(list) as readonly CueNumber[]) : null;

/** A function of a list of numbers. */
const ofNumbers = (call: (all: readonly CueNumber[], at: Place) => Concrete | string): Builtin =>
  func([L], ([list], at) => {
    const all = numbers(list);
    return all === null ? 'an element is no number' : call(all, at);
  });

function known(value: CueNumber | null, at: Place): CueNumber {
  if (value === null) throw unsupported(at, 'a number that is rounded');
  return decimal(value);
}

const folded = (operator: '+' | '*', start: number) => (all: readonly CueNumber[], at: Place) =>
  all.reduce((sum, one) => known(arithmetic(operator, sum, one), at), int(start));

const furthest = (sign: 1 | -1) =>
  ofNumbers((all) => {
    const [first, ...rest] = all;
    if (first === undefined) return 'the list is empty';
    return decimal(rest.reduce((best, one) => (compareNumbers(one, best) === sign ? one : best), first));
  });

function range(start: CueNumber, limit: CueNumber, step: CueNumber, at: Place): Concrete | string {
  if (step.coefficient === 0n) return 'the step is zero';
  const up = step.coefficient > 0n;
  const order = compareNumbers(start, limit);
  if (up ? order > 0 : order < 0) return 'the step leads away from the end';
  const found: CueNumber[] = [];
  for (let one = start; compareNumbers(one, limit) === (up ? -1 : 1); ) {
    if (found.length >= maxLength) throw unsupported(at, 'a list of such a length');
    found.push(decimal(one));
    one = known(arithmetic('+', one, step), at);
  }
  return { kind: 'list', items: found };
}

/** A part of a list, where the numbers are in its range. */
function part(list: Concrete | undefined, from: number, to: number): Concrete | string {
  if (from < 0 || to > items(list).length || from > to) return 'an index is out of range';
  return { kind: 'list', items: items(list).slice(from, to) };
}

/** Without what would make it too long, but for one that shows that. */
function flat(list: readonly Concrete[], depth: number, made: Concrete[] = []): readonly Concrete[] {
  for (const item of list) {
    if (made.length > limits.elements) break;
    if (item.kind === 'list' && depth !== 0) flat(item.items, depth - 1, made);
    else made.push(item);
  }
  return made;
}

const sorted = (list: readonly Concrete[]): readonly Concrete[] =>
  list.toSorted((a, b) => compareScalars(a as Scalar, b as Scalar)!);
const areTexts = (list: Concrete | undefined): boolean => items(list).every(({ kind }) => kind === 'string');

/** Package `list`. */
export const lists: Package = new Map([
  [
    'MinItems',
    test([L, Kind.int], ([list, n], at) => items(list).length >= count(n, at), {
      openList: 'passes',
      byLength: true,
    }),
  ],
  [
    'MaxItems',
    test([L, Kind.int], ([list, n], at) => items(list).length <= count(n, at), {
      openList: 'counts',
      byLength: true,
    }),
  ],
  ['UniqueItems', test([L], ([list], at) => unique(list!, at), { openList: 'counts' })],
  [
    'Contains',
    test([L, Kind.top], ([list, value], at) => {
      withoutFloats(value!, at);
      return items(withoutFloats(list!, at)).some((item) => equal(item, value!));
    }),
  ],
  [
    'Concat',
    func([L], ([all], at) => {
      if (items(all).some(({ kind }) => kind !== 'list')) return 'an element is no list';
      return listOf(flat(items(all), 1), at);
    }),
  ],
  ['Sum', ofNumbers(folded('+', 0))],
  ['Product', ofNumbers(folded('*', 1))],
  [
    'Avg',
    ofNumbers((all, at) =>
      all.length === 0 ? 'the list is empty' : known(divide(folded('+', 0)(all, at), int(all.length)), at),
    ),
  ],
  ['Max', furthest(1)],
  ['Min', furthest(-1)],
  [
    'Range',
    func([N, N, N], ([start, limit, step], at) =>
      range(start as CueNumber, limit as CueNumber, step as CueNumber, at),
    ),
  ],
  ['Slice', func([L, I, I], ([list, from, to], at) => part(list, count(from, at), count(to, at)))],
  ['Take', func([L, I], ([list, n], at) => part(list, 0, Math.min(count(n, at), items(list).length)))],
  [
    'Drop',
    func([L, I], ([list, n], at) =>
      part(list, Math.min(count(n, at), items(list).length), items(list).length),
    ),
  ],
  ['Reverse', func([L], ([list]) => ({ kind: 'list', items: items(list).toReversed() }))],
  [
    'Repeat',
    func([L, I], ([list, n], at) => {
      const times = count(n, at);
      if (times < 0) return 'a negative number of times';
      if (items(list).length * times > maxLength) throw unsupported(at, 'a list of such a length');
      return { kind: 'list', items: Array.from({ length: times }, () => items(list)).flat() };
    }),
  ],
  ['FlattenN', func([L, I], ([list, depth], at) => listOf(flat(items(list), count(depth, at)), at))],
  [
    'SortStrings',
    func([L], ([list]) =>
      areTexts(list) ? { kind: 'list', items: sorted(items(list)) } : 'an element is no text',
    ),
  ],
  [
    'IsSortedStrings',
    test(
      [L],
      ([list]) => areTexts(list) && sorted(items(list)).every((item, i) => equal(item, items(list)[i]!)),
    ),
  ],
]);
