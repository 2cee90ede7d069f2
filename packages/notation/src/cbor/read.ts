import { notationErrors } from '../errors.ts';
import { envelopeLimits } from '../limits.ts';

/** What envelopes are made of (RFC 8949). */
export type CborValue = null | boolean | number | string | Uint8Array | CborArray | CborMap | CborTag;
export type CborArray = readonly CborValue[];
/** Keys are whole numbers and text, as labels of COSE are; none stands twice. */
export type CborMap = ReadonlyMap<number | string, CborValue>;
export interface CborTag {
  readonly tag: number;
  readonly value: CborValue;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads exactly one value and nothing after it. Strict: lengths and numbers in their shortest form, none indefinite, text
 * in UTF-8, no key twice in a map; no fractions, `undefined` or numbers from 2⁵³ up, which envelopes do not have. Nested
 * at most 8 deep, at most 4096 values. Byte strings are views of the input.
 *
 * @throws NOTATION_ENVELOPE_INVALID
 */
export function readCbor(bytes: Uint8Array): CborValue {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  value(depth: number): CborValue {
    if (depth > envelopeLimits.cborDepth) throw invalid(`nested deeper than ${envelopeLimits.cborDepth}`);
    if (++this.#values > envelopeLimits.cborValues)
      throw invalid(`more than ${envelopeLimits.cborValues} values`);
    const first = this.#byte();
    const major = first >> 5;
    if (major === 7) return simple(first & 0x1f);
    const argument = this.#argument(first & 0x1f);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.#take(argument);
      case 3:
        return text(this.#take(argument));
      case 4:
        return this.#items(argument, depth);
      case 5:
        return this.#map(argument, depth);
      default:
        return { tag: argument, value: this.value(depth + 1) };
    }
  }

  end(): void {
    if (this.#offset !== this.#bytes.byteLength) throw invalid('something stands after it');
  }

  /** Whatever length is claimed: a value takes a byte at least, so what is missing is seen before much is kept. */
  #items(count: number, depth: number): CborArray {
    const items: CborValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.value(depth + 1));
    return items;
  }

  #map(count: number, depth: number): CborMap {
    const map = new Map<number | string, CborValue>();
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== 'number' && typeof key !== 'string')
        throw invalid('a key is neither number nor text');
      if (map.has(key)) throw invalid(`the key ${key} stands twice`);
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  #argument(info: number): number {
    if (info < 24) return info;
    if (info > 27) throw invalid('a length is indefinite or reserved');
    const width = 2 ** (info - 24);
    const bytes = this.#take(width);
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    if (value > Number.MAX_SAFE_INTEGER) throw invalid('a number is too large');
    const least = width === 1 ? 24 : 2 ** (width * 4);
    if (value < least) throw invalid('a number is not in its shortest form');
    return value;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.byteLength - this.#offset) throw invalid('it ends too early');
    const from = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(from, this.#offset);
  }

  #byte(): number {
    return this.#take(1)[0]!;
  }
}

function simple(info: number): CborValue {
  if (info === 20 || info === 21) return info === 21;
  if (info === 22) return null;
  throw invalid('a value is of a kind that envelopes do not have');
}

function text(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalid('text is not UTF-8');
  }
}

/** True for a map, which nothing else that is read is an instance of. */
export function isMap(value: CborValue | undefined): value is CborMap {
  return value instanceof Map;
}

/** True for a tagged value. */
export function isTag(value: CborValue | undefined): value is CborTag {
  return typeof value === 'object' && value !== null && 'tag' in value;
}

function invalid(message: string) {
  return notationErrors.error('NOTATION_ENVELOPE_INVALID', {
    message: `the COSE envelope is not CBOR in its strict form: ${message}`,
  });
}
