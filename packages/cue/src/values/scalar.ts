import { type CueNumber, compareNumbers } from './number.ts';

export type Scalar =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | CueNumber;

/** Sets of types, as bits. */
export const Kind = {
  none: 0,
  null: 1,
  bool: 2,
  int: 4,
  float: 8,
  number: 12,
  string: 16,
  bytes: 32,
  list: 64,
  struct: 128,
  top: 255,
} as const;

export const string = (value: string): Scalar => ({ kind: 'string', value });
export const bool = (value: boolean): Scalar => ({ kind: 'bool', value });

export function kindOf(scalar: Scalar): number {
  if (scalar.kind === 'number') return scalar.int ? Kind.int : Kind.float;
  return Kind[scalar.kind];
}

/** Whether unification of the two is one of them: `1` and `1.0` are not the same. */
export function sameScalar(a: Scalar, b: Scalar): boolean {
  if (kindOf(a) !== kindOf(b)) return false;
  return a.kind === 'null' || compareScalars(a, b) === 0;
}

/** The order of two numbers, texts (by UTF-8 bytes) or booleans; undefined for others. */
export function compareScalars(a: Scalar, b: Scalar): -1 | 0 | 1 | undefined {
  if (a.kind === 'number' && b.kind === 'number') return compareNumbers(a, b);
  if (a.kind === 'string' && b.kind === 'string') return compareText(a.value, b.value);
  if (a.kind === 'bool' && b.kind === 'bool') return a.value === b.value ? 0 : a.value ? 1 : -1;
  if (a.kind === 'null' && b.kind === 'null') return 0;
  return undefined;
}

/** By code points, which is the order of UTF-8 bytes; UTF-16 units are ordered otherwise. */
function compareText(a: string, b: string): -1 | 0 | 1 {
  const x = Array.from(a);
  const y = Array.from(b);
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return x.length < y.length ? -1 : x.length > y.length ? 1 : 0;
}
