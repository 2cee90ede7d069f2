import { cryptoErrors } from '../errors.ts';

/** Identifier octets (X.690 §8.1.2) of the types read here. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[n]` of the context-specific class, constructed (EXPLICIT, or IMPLICIT of a constructed type) or primitive. */
export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

const maxDepth = 32;

/** One element: `bytes` is the whole TLV, `content` the value, both views of the input. */
export interface DerElement {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}

/**
 * A strict DER reader (X.690 §10) over the elements of one constructed value. It refuses what BER allows and DER does
 * not (indefinite and non-minimal lengths, non-minimal integers, loose booleans), tags above 30, values that run
 * over their container, and nesting deeper than 32. It never copies.
 *
 * Read in order with the typed methods, then call `end()`: unread bytes are an error.
 *
 * @throws DER_INVALID from every method
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #depth: number;
  #offset = 0;

  constructor(bytes: Uint8Array, depth = 0) {
    if (depth > maxDepth) throw derError(`nested deeper than ${maxDepth}`);
    this.#bytes = bytes;
    this.#depth = depth;
  }

  /** True when nothing is left to read. */
  get done(): boolean {
    return this.#offset >= this.#bytes.byteLength;
  }

  /** The tag of the next element, or undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** The next element, whose tag must be `tag` where one is given. */
  element(tag?: number): DerElement {
    const found = this.#byte();
    if (tag !== undefined && found.value !== tag) {
      throw derError(`tag 0x${found.value.toString(16)} at byte ${found.at}, expected 0x${tag.toString(16)}`);
    }
    if ((found.value & 0x1f) === 0x1f) throw derError(`multi-byte tag at byte ${found.at}`);
    const length = this.#length();
    const from = this.#offset;
    if (length > this.#bytes.byteLength - from)
      throw derError(`length at byte ${found.at} runs over the end`);
    this.#offset = from + length;
    return {
      tag: found.value,
      bytes: this.#bytes.subarray(found.at, this.#offset),
      content: this.#bytes.subarray(from, this.#offset),
    };
  }

  /** A reader over the content of the next element, SEQUENCE unless another constructed `tag` is given. */
  nested(tag: number = tags.sequence): DerReader {
    return new DerReader(this.element(tag).content, this.#depth + 1);
  }

  /** The same, or undefined when the next element has another tag. */
  optionalNested(tag: number): DerReader | undefined {
    return this.peek() === tag ? this.nested(tag) : undefined;
  }

  /** Two's-complement bytes of an INTEGER, checked to be minimal. */
  integer(): Uint8Array {
    const { content } = this.element(tags.integer);
    const [first, second] = content;
    if (first === undefined) throw derError('empty INTEGER');
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw derError('INTEGER with needless leading bytes');
    }
    return content;
  }

  /** Magnitude of an INTEGER that must be greater than zero, without a leading zero byte. */
  positiveInteger(): Uint8Array {
    const content = this.integer();
    if (content[0]! >= 0x80) throw derError('negative INTEGER');
    if (content.byteLength === 1 && content[0] === 0) throw derError('INTEGER is zero');
    return content[0] === 0 ? content.subarray(1) : content;
  }

  /** An INTEGER between 0 and 2³¹−1. */
  smallInteger(): number {
    const content = this.integer();
    if (content[0]! >= 0x80 || content.byteLength > 4) throw derError('INTEGER out of range');
    return content.reduce((value, byte) => value * 256 + byte, 0);
  }

  boolean(): boolean {
    const { content } = this.element(tags.boolean);
    if (content.byteLength !== 1 || (content[0] !== 0 && content[0] !== 0xff))
      throw derError('loose BOOLEAN');
    return content[0] === 0xff;
  }

  /** Dotted OBJECT IDENTIFIER. */
  oid(): string {
    return decodeOid(this.element(tags.oid).content);
  }

  null(): void {
    if (this.element(tags.null).content.byteLength !== 0) throw derError('NULL with content');
  }

  octetString(): Uint8Array {
    return this.element(tags.octetString).content;
  }

  /** A BIT STRING of whole bytes (no unused bits), as keys and signatures are. */
  bitString(): Uint8Array {
    const { content } = this.element(tags.bitString);
    if (content[0] !== 0) throw derError('BIT STRING that is empty or not of whole bytes');
    return content.subarray(1);
  }

  /** Everything that has not been read yet, unchecked. */
  rest(): Uint8Array {
    const bytes = this.#bytes.subarray(this.#offset);
    this.#offset = this.#bytes.byteLength;
    return bytes;
  }

  /** Must be called when everything expected has been read. */
  end(): void {
    if (!this.done) throw derError(`${this.#bytes.byteLength - this.#offset} bytes of trailing data`);
  }

  #byte(): { at: number; value: number } {
    const at = this.#offset++;
    const value = this.#bytes[at];
    if (value === undefined) throw derError('ends too early');
    return { at, value };
  }

  #length(): number {
    const first = this.#byte().value;
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw derError('indefinite or oversized length');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte().value;
    if (length < 0x80 || length < 256 ** (count - 1)) throw derError('length with needless bytes');
    return length;
  }
}

/** Reads exactly one element from `bytes` and nothing after it, as a reader over its content. */
export function readDer(bytes: Uint8Array, tag: number = tags.sequence): DerReader {
  const outer = new DerReader(bytes);
  const inner = outer.nested(tag);
  outer.end();
  return inner;
}

/** Dotted form of the content of an OBJECT IDENTIFIER (X.690 §8.19): at most 64 arcs, each below 2⁵³. */
function decodeOid(content: Uint8Array): string {
  const arcs: number[] = [];
  let value = 0;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw derError('OBJECT IDENTIFIER with needless bytes');
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER || arcs.length > 64) throw derError('OBJECT IDENTIFIER too long');
    fresh = byte < 0x80;
    if (fresh) {
      arcs.push(value);
      value = 0;
    }
  }
  const [first, ...rest] = arcs;
  if (first === undefined || !fresh) throw derError('OBJECT IDENTIFIER that is empty or cut off');
  const root = first < 40 ? 0 : first < 80 ? 1 : 2;
  return [root, first - root * 40, ...rest].join('.');
}

export function derError(message: string) {
  return cryptoErrors.error('DER_INVALID', { message: `not DER: ${message}` });
}
