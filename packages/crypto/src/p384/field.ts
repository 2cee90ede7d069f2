import { encodeModule, FunctionBody } from './wasm.ts';

/** The prime of the field of P-384 (FIPS 186-5, SP 800-186 §3.2.1.4). */
export const prime = 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n;

/**
 * An element of the field is 14 limbs of 28 bits, the lowest first, each in four bytes. All limbs are in [0, 2²⁸) but
 * the last, which has the sign, so an element need not be below the prime: what a function here returns is its
 * result modulo the prime, and is between -8p and 8p where that is said. It stands for itself times 2⁻³⁹² (Montgomery).
 */
const limbs = 14;
const limbBits = 28;
const limbMask = 2 ** limbBits - 1;
/** Bytes of an element. */
export const elementSize = limbs * 4;
/** What elements are multiplied with. */
export const montgomery = 2n ** BigInt(limbs * limbBits);
/** Bytes of a point: x and y. */
export const pointSize = 2 * elementSize;

/** Where the functions keep what they work on. */
const places = ['x', 'y', 'z', 'zz', 'u', 's', 'h', 'r', 'hh', 'hhh', 'v'] as const;
export const addressOf = Object.fromEntries(
  places.map((place, index) => [place, index * elementSize]),
) as Readonly<Record<(typeof places)[number], number>>;
/** The first address that is free. */
export const firstFree = places.length * elementSize;

/** Arguments are addresses, of the result first; a result may take the place of an argument. */
export interface Field {
  /** For elements between -8p and 8p, or two that are; the result is between -p and 2p. */
  readonly multiply: (out: number, a: number, b: number) => void;
  readonly square: (out: number, a: number) => void;
  readonly subtract: (out: number, a: number, b: number) => void;
  /**
   * Adds the point at an address, with coordinates between -p and 2p, to the sum at `x`, `y`, `z` in Jacobian
   * coordinates. The formula has no answer for two points with the same x, nor for a sum of infinity: z is then 0, and stays so.
   */
  readonly addPoint: (point: number) => void;
}

/** The arithmetic, on `memory`: written here as a program without branches, which V8 makes machine code of. */
export function instantiateField(memory: WebAssembly.Memory): Field {
  const module = new WebAssembly.Module(encodeModule(functions()));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Field;
}

function functions(): Readonly<Record<keyof Field, FunctionBody>> {
  return { multiply: multiply(), square: square(), subtract: subtract(), addPoint: addPoint() };
}
const placeOf = { multiply: 0, square: 1, subtract: 2 } as const;

function multiply(): FunctionBody {
  const body = new FunctionBody(3);
  const [a, b] = [loadElement(body, 1), loadElement(body, 2)];
  // Of 28 · 14 bits and two more, 64 hold the sum of 14 products of two limbs, and what the reduction adds to it.
  const columns = newLocals(body, 2 * limbs);
  for (let column = 0; column <= 2 * (limbs - 1); column++) {
    const products = pairs(column).map(
      ([i, j]) =>
        () =>
          body.get(a[i]!).get(b[j]!).operate('multiply'),
    );
    total(body, products).set(columns[column]!);
  }
  storeReduced(body, columns);
  return body;
}

function square(): FunctionBody {
  const body = new FunctionBody(2);
  const a = loadElement(body, 1);
  const columns = newLocals(body, 2 * limbs);
  for (let column = 0; column <= 2 * (limbs - 1); column++) {
    const product = ([i, j]: readonly [number, number]) => body.get(a[i]!).get(a[j]!).operate('multiply');
    const twice = pairs(column).filter(([i, j]) => i < j);
    const once = pairs(column).filter(([i, j]) => i === j);
    const doubled = () =>
      total(
        body,
        twice.map((pair) => () => product(pair)),
      )
        .constant(1)
        .operate('shiftLeft');
    total(body, [...(twice.length > 0 ? [doubled] : []), ...once.map((pair) => () => product(pair))]);
    body.set(columns[column]!);
  }
  storeReduced(body, columns);
  return body;
}

function subtract(): FunctionBody {
  const body = new FunctionBody(3);
  const difference = loadElement(body, 1);
  difference.forEach((limb, i) => {
    body
      .get(limb)
      .get(2)
      .load(4 * i)
      .operate('subtract')
      .set(limb);
  });
  storeCarried(body, difference);
  return body;
}

/**
 * Jacobian coordinates and a point in affine ones (Cohen, Miyaji, Ono 1998): x stands for x/z², y for y/z³. Between
 * the steps: x is between -4p and 4p, y between -3p and 3p, z between -p and 2p, differences are between -8p and 8p.
 */
function addPoint(): FunctionBody {
  const body = new FunctionBody(1);
  type Operand = keyof typeof addressOf | 'point x' | 'point y';
  const push = (operand: Operand) => {
    if (operand === 'point x') body.get(0);
    else if (operand === 'point y') body.get(0).address(elementSize).operate('addAddresses');
    else body.address(addressOf[operand]);
  };
  const step = (name: keyof typeof placeOf, ...operands: readonly Operand[]) => {
    for (const operand of operands) push(operand);
    body.call(placeOf[name]);
  };
  step('square', 'zz', 'z');
  step('multiply', 'u', 'point x', 'zz');
  step('multiply', 's', 'z', 'zz');
  step('multiply', 's', 'point y', 's');
  step('subtract', 'h', 'u', 'x');
  step('subtract', 'r', 's', 'y');
  step('square', 'hh', 'h');
  step('multiply', 'hhh', 'h', 'hh');
  step('multiply', 'v', 'x', 'hh');
  // x = r² - h³ - 2v
  step('square', 'x', 'r');
  step('subtract', 'x', 'x', 'hhh');
  step('subtract', 'x', 'x', 'v');
  step('subtract', 'x', 'x', 'v');
  // y = r (v - x) - y h³
  step('subtract', 'v', 'v', 'x');
  step('multiply', 'v', 'v', 'r');
  step('multiply', 'hhh', 'hhh', 'y');
  step('subtract', 'y', 'v', 'hhh');
  step('multiply', 'z', 'z', 'h');
  return body;
}

function newLocals(body: FunctionBody, count: number): readonly number[] {
  return Array.from({ length: count }, () => body.local());
}

/** The limbs at the address in a parameter. */
function loadElement(body: FunctionBody, parameter: number): readonly number[] {
  const locals = newLocals(body, limbs);
  locals.forEach((local, i) => {
    body
      .get(parameter)
      .load(4 * i)
      .set(local);
  });
  return locals;
}

/** The limbs of two elements whose products belong to a column. */
function pairs(column: number): readonly (readonly [number, number])[] {
  const from = Math.max(0, column - limbs + 1);
  return Array.from({ length: column - 2 * from + 1 }, (_, i) => [from + i, column - from - i]);
}

/** The sum of what each of `terms` pushes. */
function total(body: FunctionBody, terms: readonly (() => unknown)[]): FunctionBody {
  terms.forEach((term, i) => {
    term();
    if (i > 0) body.operate('add');
  });
  return body;
}

/**
 * Divides by 2³⁹² modulo the prime, limb by limb (Montgomery 1985): m times the prime, added, makes the lowest limb m
 * zero, because the prime is 2³⁸⁴ - 2¹²⁸ - 2⁹⁶ + 2³² - 1. Each other term of it is m, shifted, in one limb.
 */
function storeReduced(body: FunctionBody, columns: readonly number[]): void {
  const m = body.local();
  const terms = [
    [32, 'add'],
    [96, 'subtract'],
    [128, 'subtract'],
    [384, 'add'],
  ] as const;
  for (let lowest = 0; lowest < limbs; lowest++) {
    const [limb, next] = [columns[lowest]!, columns[lowest + 1]!];
    body.get(limb).constant(limbMask).operate('and').set(m);
    body.get(next).get(limb).constant(limbBits).operate('shiftRight').operate('add').set(next);
    for (const [exponent, operation] of terms) {
      const target = columns[lowest + Math.floor(exponent / limbBits)]!;
      body
        .get(target)
        .get(m)
        .constant(exponent % limbBits)
        .operate('shiftLeft')
        .operate(operation)
        .set(target);
    }
  }
  storeCarried(body, columns.slice(limbs));
}

/** Stores limbs at the address in the first parameter, each but the last in [0, 2²⁸). */
function storeCarried(body: FunctionBody, values: readonly number[]): void {
  values.forEach((value, i) => {
    body.get(0).get(value);
    const next = values[i + 1];
    if (next !== undefined) body.constant(limbMask).operate('and');
    body.store(4 * i);
    if (next !== undefined)
      body.get(next).get(value).constant(limbBits).operate('shiftRight').operate('add').set(next);
  });
}

/** Reads an element as a number modulo the prime, still times 2³⁹². */
export function readElement(memory: WebAssembly.Memory, address: number): bigint {
  const view = new Int32Array(memory.buffer, address, limbs);
  const value = view.reduceRight((sum, limb) => (sum << BigInt(limbBits)) + BigInt(limb), 0n);
  const rest = value % prime;
  return rest < 0n ? rest + prime : rest;
}

/** Writes a number below the prime, which is already times 2³⁹². */
export function writeElement(memory: WebAssembly.Memory, address: number, value: bigint): void {
  const view = new Int32Array(memory.buffer, address, limbs);
  let rest = value;
  for (let i = 0; i < limbs; i++) {
    view[i] = Number(rest & BigInt(limbMask));
    rest >>= BigInt(limbBits);
  }
}
