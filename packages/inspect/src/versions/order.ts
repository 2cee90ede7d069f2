/**
 * What the schemes share. Digits are compared as text: versions carry numbers far beyond 2^53, and a hostile one of a
 * thousand digits must cost no more than its length.
 */

/** Negative, zero or positive: `a` is older than, equal to, or newer than `b`. */
export type Compare = (a: string, b: string) => number;

/** Compares two runs of decimal digits by their value; an empty run is zero. */
export function compareDigits(a: string, b: string): number {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length - right.length || compareText(left, right);
}

/** Compares by UTF-16 code units; among ASCII that is the order of bytes. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isDigits(text: string): boolean {
  return /^[0-9]+$/.test(text);
}

/** Compares two sequences element by element; `missing` stands for elements after the end of the shorter one. */
export function compareSequences<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
  missing: T,
): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compare(a[i] ?? missing, b[i] ?? missing);
    if (order !== 0) return order;
  }
  return 0;
}
