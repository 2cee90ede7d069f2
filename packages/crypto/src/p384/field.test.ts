import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elementSize, firstFree, instantiateField, montgomery, prime, readElement } from './field.ts';
import { inverse } from './inverse.ts';

const memory = new WebAssembly.Memory({ initial: 1 });
const field = instantiateField(memory);
const [a, b, out] = [firstFree, firstFree + elementSize, firstFree + 2 * elementSize];

/** Writes any number the functions have to work with, whatever its sign. */
function write(address: number, value: bigint): void {
  const view = new Int32Array(memory.buffer, address, 14);
  let rest = value;
  for (let i = 0; i < 14; i++) {
    view[i] = Number(i < 13 ? rest & 0xfffffffn : rest);
    rest >>= 28n;
  }
}

/** What is written, not modulo the prime. */
function readWhole(address: number): bigint {
  const view = new Int32Array(memory.buffer, address, 14);
  expect(view.subarray(0, 13).every((limb) => limb >= 0 && limb < 2 ** 28)).toBe(true);
  return view.reduceRight((sum, limb) => (sum << 28n) + BigInt(limb), 0n);
}

const modulo = (value: bigint) => ((value % prime) + prime) % prime;
const limit = 8n * prime;
const special = [0n, 1n, prime - 1n, prime, prime + 1n, limit, limit - 1n, 2n ** 364n - 1n, 2n ** 384n - 1n];
const element = fc.oneof(
  fc.bigInt({ min: -limit, max: limit }),
  fc.constantFrom(...special, ...special.map((value) => -value)),
  // Limbs that are all ones or all zeros carry the furthest.
  fc
    .array(fc.constantFrom(0n, 1n, 2n ** 28n - 1n), { minLength: 13, maxLength: 13 })
    .map((limbs) => limbs.reduce((sum, limb) => (sum << 28n) + limb, 0n)),
);

describe('any two elements between -8p and 8p', () => {
  test('multiply', () => {
    fc.assert(
      fc.property(element, element, (x, y) => {
        write(a, x);
        write(b, y);
        field.multiply(out, a, b);
        expect(modulo(readWhole(out) * montgomery)).toBe(modulo(x * y));
        expect(readWhole(out)).toBeGreaterThan(-prime);
        expect(readWhole(out)).toBeLessThan(2n * prime);
        field.multiply(a, a, b);
        expect(readWhole(a)).toBe(readWhole(out));
      }),
      { numRuns: 2000 },
    );
  });

  test('square', () => {
    fc.assert(
      fc.property(element, (x) => {
        write(a, x);
        field.multiply(out, a, a);
        field.square(a, a);
        expect(readWhole(a)).toBe(readWhole(out));
      }),
      { numRuns: 1000 },
    );
  });

  test('subtract', () => {
    fc.assert(
      fc.property(element, element, (x, y) => {
        write(a, x);
        write(b, y);
        field.subtract(out, a, b);
        expect(readWhole(out)).toBe(x - y);
        expect(readElement(memory, out)).toBe(modulo(x - y));
      }),
      { numRuns: 1000 },
    );
  });
});

test('the inverse is one, and 0 where there is none', () => {
  for (const modulus of [prime, 2n ** 61n - 1n, 101n])
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: modulus - 1n }), (value) => {
        expect((inverse(value, modulus) * value) % modulus).toBe(1n);
      }),
    );
  expect(inverse(1n, prime)).toBe(1n);
  expect(inverse(prime - 1n, prime)).toBe(prime - 1n);
  expect(inverse(0n, prime)).toBe(0n);
  expect(inverse(6n, 9n)).toBe(0n);
});
