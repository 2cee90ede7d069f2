import { p384 } from '@noble/curves/nist.js';
import { expect, test } from 'vitest';
import { prime } from './field.ts';
import { Multiples, type Sum } from './multiples.ts';

const { Point } = p384;
const [first, second] = [Point.BASE.multiply(3n), Point.BASE.multiply(5n)];

function expectSum({ x, z }: Sum, point: InstanceType<typeof Point>): void {
  expect(z).not.toBe(0n);
  expect((point.toAffine().x * z * z - x) % prime).toBe(0n);
}

test('every multiple in a table is one', () => {
  const multiples = new Multiples(1);
  const table = multiples.add(first.toAffine())!;
  for (const place of [0n, 1n, 46n, 47n])
    for (let byte = 1n; byte < 256n; byte++) {
      const times = byte * 256n ** place;
      expectSum(multiples.sum([[table, times]]), first.multiply(times % Point.Fn.ORDER));
    }
});

test('nothing of anything has the z 0, also after something else', () => {
  const multiples = new Multiples(1);
  const table = multiples.add(first.toAffine())!;
  expectSum(multiples.sum([[table, 1n]]), first);
  expect(multiples.sum([[table, 0n]]).z).toBe(0n);
  expect(multiples.sum([]).z).toBe(0n);
});

test('a place that was left is taken by another point', () => {
  const multiples = new Multiples(2);
  const tables = [multiples.add(first.toAffine())!, multiples.add(first.toAffine())!] as const;
  expect(multiples.add(second.toAffine())).toBeNull();
  multiples.remove(tables[0]);
  expect(multiples.add(second.toAffine())).toBe(tables[0]);
  expectSum(multiples.sum([[tables[0], 1000n]]), second.multiply(1000n));
  expectSum(
    multiples.sum([
      [tables[1], 1000n],
      [tables[0], 77n],
    ]),
    first.multiply(1000n).add(second.multiply(77n)),
  );
});
