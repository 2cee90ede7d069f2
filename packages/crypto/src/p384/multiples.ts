import {
  addressOf,
  elementSize,
  type Field,
  firstFree,
  instantiateField,
  montgomery,
  pointSize,
  prime,
  readElement,
  writeElement,
} from './field.ts';
import { inverse } from './inverse.ts';

/** A point of the curve in affine coordinates; never infinity. */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** A sum of points: its first coordinate is x/z². Infinity, and what cannot be worked out here, has the z 0. */
export interface Sum {
  readonly x: bigint;
  readonly z: bigint;
}

/** A number of 384 bits is a sum of 48 bytes, each times a power of 256. */
const windows = 48;
const windowPoints = 255;
const tableSize = windows * windowPoints * pointSize;
const pageSize = 65_536;

/** While a window is worked out: of each sum its z, and the product of all z up to it. */
const zs = firstFree;
const products = zs + (windowPoints + 1) * elementSize;
const firstTable = products + (windowPoints + 1) * elementSize;

const toMontgomery = (value: bigint) => (value * montgomery) % prime;
const fromMontgomery = inverse(montgomery % prime, prime);

/**
 * Multiples of points that are multiplied often: of each, its product with every byte times every power of 256,
 * 1.4 MB. A multiple is then a sum of at most 48 of them.
 */
export class Multiples {
  readonly #memory: WebAssembly.Memory;
  readonly #field: Field;
  /** Addresses of tables nobody has. */
  readonly #free: number[];

  /** @throws RangeError where there is no memory for as many points. */
  constructor(points: number) {
    const pages = Math.ceil((firstTable + points * tableSize) / pageSize);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#field = instantiateField(this.#memory);
    this.#free = Array.from({ length: points }, (_, i) => firstTable + i * tableSize);
  }

  /** Works out the multiples of a point, which takes as long as some hundred signatures. Returns its table, or null when there is no room. */
  add({ x, y }: Point): number | null {
    const table = this.#free.pop();
    if (table === undefined) return null;
    this.#write(table, x);
    this.#write(table + elementSize, y);
    for (let window = 0; window < windows; window++) {
      // The product with 256 is the first point of the next window.
      const count = window < windows - 1 ? windowPoints + 1 : windowPoints;
      this.#fill(table + window * windowPoints * pointSize, count);
    }
    return table;
  }

  /** Leaves the place of a table to another point. */
  remove(table: number): void {
    this.#free.push(table);
  }

  /** The sum of the points of some tables, each times a number below 2³⁸⁴. */
  sum(terms: readonly (readonly [table: number, times: bigint])[]): Sum {
    let empty = true;
    for (const [table, times] of terms) {
      const bytes = Buffer.from(times.toString(16).padStart(2 * windows, '0'), 'hex');
      for (let window = 0; window < windows; window++) {
        const byte = bytes[windows - 1 - window]!;
        if (byte === 0) continue;
        const point = table + (window * windowPoints + byte - 1) * pointSize;
        if (empty) this.#start(point);
        else this.#field.addPoint(point);
        empty = false;
      }
    }
    return empty ? { x: 0n, z: 0n } : { x: this.#read(addressOf.x), z: this.#read(addressOf.z) };
  }

  /** Makes the sum a point alone. */
  #start(point: number): void {
    this.#copy(addressOf.x, point, pointSize);
    this.#write(addressOf.z, 1n);
  }

  /** The products of the first point at `table` with 2 to `count`, behind it. */
  #fill(table: number, count: number): void {
    const { addPoint, multiply, square } = this.#field;
    const at = (times: number) => table + (times - 1) * pointSize;
    const z = (times: number) => zs + (times - 1) * elementSize;
    const product = (times: number) => products + (times - 1) * elementSize;
    // The formula of addition does not double.
    const twice = double({ x: this.#read(table), y: this.#read(table + elementSize) });
    this.#write(at(2), twice.x);
    this.#write(at(2) + elementSize, twice.y);
    this.#start(at(2));
    this.#write(product(2), 1n);
    for (let times = 3; times <= count; times++) {
      addPoint(table);
      this.#copy(at(times), addressOf.x, pointSize);
      this.#copy(z(times), addressOf.z, elementSize);
      multiply(product(times), product(times - 1), addressOf.z);
    }
    // One division for all (Montgomery 1987): 1/z of the last is the inverse of the product of all times that of the others.
    const [rest, one, square1] = [addressOf.u, addressOf.zz, addressOf.s];
    this.#write(rest, inverse(this.#read(product(count)), prime));
    for (let times = count; times >= 3; times--) {
      multiply(one, rest, product(times - 1));
      multiply(rest, rest, z(times));
      square(square1, one);
      multiply(at(times), at(times), square1);
      multiply(square1, square1, one);
      multiply(at(times) + elementSize, at(times) + elementSize, square1);
    }
  }

  #copy(to: number, from: number, size: number): void {
    new Uint8Array(this.#memory.buffer).copyWithin(to, from, from + size);
  }

  #read(address: number): bigint {
    return (readElement(this.#memory, address) * fromMontgomery) % prime;
  }

  #write(address: number, value: bigint): void {
    writeElement(this.#memory, address, toMontgomery(value));
  }
}

/** The curve is y² = x³ - 3x + b, of prime order: no point has y = 0. */
function double({ x, y }: Point): Point {
  const slope = (3n * (x * x - 1n) * inverse((2n * y) % prime, prime)) % prime;
  const twiceX = modulo(slope * slope - 2n * x);
  return { x: twiceX, y: modulo(slope * (x - twiceX) - y) };
}

function modulo(value: bigint): bigint {
  const rest = value % prime;
  return rest < 0n ? rest + prime : rest;
}
