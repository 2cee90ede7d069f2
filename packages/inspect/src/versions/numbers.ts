import { compareDigits, compareText, isDigits } from './order.ts';

/** R's CRAN: numbers separated by `.` or `-`; when all before are equal, more numbers are newer (package_version). */
export function compareCran(a: string, b: string): number {
  return compareNumbers(a.split(/[.-]/), b.split(/[.-]/));
}

/** Haskell's Hackage: numbers separated by `.`; when all before are equal, more numbers are newer (PVP). */
export function compareHackage(a: string, b: string): number {
  return compareNumbers(a.split('.'), b.split('.'));
}

function compareNumbers(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const left = a[i]!;
    const right = b[i]!;
    const order =
      isDigits(left) && isDigits(right)
        ? compareDigits(left, right)
        : Number(isDigits(left)) - Number(isDigits(right)) || compareText(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
