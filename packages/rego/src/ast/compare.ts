import type { Body, Expr, ObjectTerm, SetTerm, Term } from './types.ts';

/*
 * OPA's total order of terms (`v1/ast/compare.go`), by structure: locations do not count. Object keys and set members
 * are kept and printed in this order.
 */

const ORDER: readonly Term['kind'][] = [
  'null',
  'boolean',
  'number',
  'string',
  'templateString',
  'var',
  'ref',
  'array',
  'object',
  'set',
  'arrayComprehension',
  'objectComprehension',
  'setComprehension',
  'call',
];

const RANK: ReadonlyMap<string, number> = new Map(ORDER.map((kind, i) => [kind, i]));

/** Negative, 0 or positive, as `a` sorts before, with or after `b`. */
export function compareTerms(a: Term, b: Term): number {
  if (a === b) return 0;
  if (a.kind !== b.kind) return RANK.get(a.kind)! - RANK.get(b.kind)!;
  switch (a.kind) {
    case 'boolean':
      return Number(a.value) - Number((b as typeof a).value);
    case 'number':
      return compareNumbers(a.text, (b as typeof a).text);
    case 'string':
      return compareStrings(a.value, (b as typeof a).value);
    case 'var':
      return compareStrings(a.name, (b as typeof a).name);
    case 'templateString': {
      const other = b as typeof a;
      if (a.multiLine !== other.multiLine) return a.multiLine ? 1 : -1;
      if (a.parts.length !== other.parts.length) return a.parts.length - other.parts.length;
      return compareAll(a.parts, other.parts, compareParts);
    }
    case 'ref':
      return compareAll(a.terms, (b as typeof a).terms, compareTerms);
    case 'call': {
      const other = b as typeof a;
      return compareTerms(a.operator, other.operator) || compareAll(a.args, other.args, compareTerms);
    }
    case 'array':
      return compareAll(a.items, (b as typeof a).items, compareTerms);
    case 'set':
      return compareAll(sortedItems(a), sortedItems(b as typeof a), compareTerms);
    case 'object':
      return compareObjects(a, b as typeof a);
    case 'arrayComprehension':
    case 'setComprehension': {
      const other = b as typeof a;
      return compareTerms(a.term, other.term) || compareBodies(a.body, other.body);
    }
    case 'objectComprehension': {
      const other = b as typeof a;
      return (
        compareTerms(a.key, other.key) ||
        compareTerms(a.value, other.value) ||
        compareBodies(a.body, other.body)
      );
    }
    default:
      return 0;
  }
}

type Part = Term | Expr;

function compareParts(a: Part, b: Part): number {
  if (a.kind === 'expr') return b.kind === 'expr' ? compareExprs(a, b) : 1;
  return b.kind === 'expr' ? -1 : compareTerms(a, b);
}

function compareObjects(a: ObjectTerm, b: ObjectTerm): number {
  const [left, right] = [sortedPairs(a), sortedPairs(b)];
  return compareAll(left, right, ([a, x], [b, y]) => compareTerms(a, b) || compareTerms(x, y));
}

function compareAll<N>(a: readonly N[], b: readonly N[], compare: (a: N, b: N) => number): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const result = compare(a[i]!, b[i]!);
    if (result !== 0) return result;
  }
  return a.length - b.length;
}

function compareBodies(a: Body, b: Body): number {
  return compareAll(a, b, compareExprs);
}

const EXPR_ORDER = ['some', 'term', 'call', 'every', 'not', 'logicalAnd', 'logicalOr'];

function exprRank({ terms }: Expr): number {
  const rank = EXPR_ORDER.indexOf(terms.kind);
  return rank < 0 ? 1 : rank;
}

function compareExprs(a: Expr, b: Expr): number {
  const first = exprRank(a) - exprRank(b) || a.index - b.index || Number(a.negated) - Number(b.negated);
  if (first !== 0) return first;
  return (
    compareExprTerms(a.terms, b.terms) ||
    compareAll(a.with, b.with, (x, y) => compareTerms(x.target, y.target) || compareTerms(x.value, y.value))
  );
}

function compareExprTerms(a: Expr['terms'], b: Expr['terms']): number {
  switch (a.kind) {
    case 'some':
      return compareAll(a.symbols, (b as typeof a).symbols, compareTerms);
    case 'every': {
      const other = b as typeof a;
      const keys =
        a.key === undefined || other.key === undefined
          ? Number(a.key !== undefined) - Number(other.key !== undefined)
          : compareTerms(a.key, other.key);
      return (
        keys ||
        compareTerms(a.value, other.value) ||
        compareTerms(a.domain, other.domain) ||
        compareBodies(a.body, other.body)
      );
    }
    case 'not':
      return compareBodies(a.body, (b as typeof a).body);
    case 'logicalAnd':
    case 'logicalOr':
      return compareBodies(a.lhs, (b as typeof a).lhs) || compareBodies(a.rhs, (b as typeof a).rhs);
    default:
      return compareTerms(a, b as Term);
  }
}

const sortedMembers = new WeakMap<SetTerm, Term[]>();
const sortedEntries = new WeakMap<ObjectTerm, [Term, Term][]>();

/** The members of a set in OPA's order. */
export function sortedItems(set: SetTerm): readonly Term[] {
  let sorted = sortedMembers.get(set);
  if (sorted === undefined) {
    sorted = set.items.toSorted(compareTerms);
    sortedMembers.set(set, sorted);
  }
  return sorted;
}

/** The pairs of an object in OPA's order of their keys. */
export function sortedPairs(object: ObjectTerm): readonly [Term, Term][] {
  let sorted = sortedEntries.get(object);
  if (sorted === undefined) {
    sorted = object.pairs.toSorted(([a], [b]) => compareTerms(a, b));
    sortedEntries.set(object, sorted);
  }
  return sorted;
}

/** By UTF-8 bytes, which is the order of code points. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above everything in the basic plane, E000 to FFFF included.
    if (x >= 0xd800 && y >= 0xd800)
      return (x >= 0xe000 ? x - 0x2000 : x + 0x2000) - (y >= 0xe000 ? y - 0x2000 : y + 0x2000);
    return x - y;
  }
  return a.length - b.length;
}

/** By value, exactly: literals may have more digits than a double. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  const x = decimal(a);
  const y = decimal(b);
  if (x.sign !== y.sign) return x.sign - y.sign;
  if (x.exponent !== y.exponent) return (x.exponent - y.exponent) * x.sign;
  if (x.digits === y.digits) return 0;
  return x.digits < y.digits ? -x.sign : x.sign;
}

/** A number as ±0.digits × 10^exponent, without leading or trailing zeros; 0 has no digits and sign 0. */
function decimal(text: string): { sign: number; digits: string; exponent: number } {
  const match = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const digits = `${match?.[2] ?? ''}${match?.[3] ?? ''}`;
  const first = digits.search(/[1-9]/);
  if (match === null || first < 0) return { sign: 0, digits: '', exponent: 0 };
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  const exponent = (match[2] ?? '').length - first + Number(match[4] ?? 0);
  return { sign: match[1] === '-' ? -1 : 1, digits: digits.slice(first, end), exponent };
}
