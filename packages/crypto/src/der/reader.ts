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
  /** Readers of nested values share the bytes, because a view of them costs more than reading a short value. */
  readonly #end: number;
  #offset: number;

  constructor(bytes: Uint8Array, depth = 0, from = 0, end = bytes.byteLength) {
    if (depth > maxDepth) throw derError(`nested deeper than ${maxDepth}`);
    this.#bytes = bytes;
    this.#depth = depth;
    this.#offset = from;
    this.#end = end;
  }

  /** True when nothing is left to read. */
  get done(): boolean {
    return this.#offset >= this.#end;
  }

  /** The tag of the next element, or undefined at the end. */
  peek(): number | undefined {
    return this.done ? undefined : this.#bytes[this.#offset];
  }

  /** The next element, whose tag must be `tag` where one is given. */
  element(tag?: number): DerElement {
    const at = this.#offset;
    const from = this.#enter(tag);
    return new Element(this.#bytes, at, from, this.#offset);
  }

  /** A reader over the content of the next element, SEQUENCE unless another constructed `tag` is given. */
  nested(tag: number = tags.sequence): DerReader {
    const from = this.#enter(tag);
    return new DerReader(this.#bytes, this.#depth + 1, from, this.#offset);
  }

  /** The same, or undefined when the next element has another tag. */
  optionalNested(tag: number): DerReader | undefined {
    return this.peek() === tag ? this.nested(tag) : undefined;
  }

  /** Two's-complement bytes of an INTEGER, checked to be minimal. */
  integer(): Uint8Array {
    const content = this.#content(tags.integer);
    const first = content[0];
    const second = content[1];
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
    const from = this.#enter(tags.boolean);
    const value = this.#bytes[from];
    if (this.#offset - from !== 1 || (value !== 0 && value !== 0xff)) throw derError('loose BOOLEAN');
    return value === 0xff;
  }

  /** Dotted OBJECT IDENTIFIER. */
  oid(): string {
    const from = this.#enter(tags.oid);
    return decodeOid(this.#bytes, from, this.#offset);
  }

  null(): void {
    if (this.#enter(tags.null) !== this.#offset) throw derError('NULL with content');
  }

  octetString(): Uint8Array {
    return this.#content(tags.octetString);
  }

  /** A BIT STRING of whole bytes (no unused bits), as keys and signatures are. */
  bitString(): Uint8Array {
    const from = this.#enter(tags.bitString);
    if (from === this.#offset || this.#bytes[from] !== 0)
      throw derError('BIT STRING that is empty or not of whole bytes');
    return this.#bytes.subarray(from + 1, this.#offset);
  }

  /** Everything that has not been read yet, unchecked. */
  rest(): Uint8Array {
    const bytes = this.#bytes.subarray(this.#offset, this.#end);
    this.#offset = this.#end;
    return bytes;
  }

  /** Must be called when everything expected has been read. */
  end(): void {
    if (!this.done) throw derError(`${this.#end - this.#offset} bytes of trailing data`);
  }

  #content(tag: number): Uint8Array {
    const from = this.#enter(tag);
    return this.#bytes.subarray(from, this.#offset);
  }

  /** Goes past the next element, checking its tag and its length, and returns where its content starts. */
  #enter(tag: number | undefined): number {
    const at = this.#offset;
    const found = this.#byte();
    if (tag !== undefined && found !== tag)
      throw derError(`tag 0x${found.toString(16)} at byte ${at}, expected 0x${tag.toString(16)}`);
    if ((found & 0x1f) === 0x1f) throw derError(`multi-byte tag at byte ${at}`);
    const length = this.#length();
    const from = this.#offset;
    if (length > this.#end - from) throw derError(`length at byte ${at} runs over the end`);
    this.#offset = from + length;
    return from;
  }

  #byte(): number {
    if (this.#offset >= this.#end) throw derError('ends too early');
    return this.#bytes[this.#offset++]!;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw derError('indefinite or oversized length');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 256 ** (count - 1)) throw derError('length with needless bytes');
    return length;
  }
}

/** Makes its views when they are asked for: hardly anybody wants both. */
class Element implements DerElement {
  readonly #bytes: Uint8Array;
  readonly #at: number;
  readonly #from: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, at: number, from: number, end: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#from = from;
    this.#end = end;
  }

  get tag(): number {
    return this.#bytes[this.#at]!;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#end);
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#end);
  }
}

/** Reads exactly one element from `bytes` and nothing after it, as a reader over its content. */
export function readDer(bytes: Uint8Array, tag: number = tags.sequence): DerReader {
  const outer = new DerReader(bytes);
  const inner = outer.nested(tag);
  outer.end();
  return inner;
}

/**
 * Dotted form of the content of an OBJECT IDENTIFIER (X.690 §8.19), which stands from `from` to before `end`: at most 64
 * arcs, each below 2⁵³.
 */
function decodeOid(bytes: Uint8Array, from: number, end: number): string {
  let text = '';
  let arcs = 0;
  let value = 0;
  let fresh = true;
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    if (fresh && byte === 0x80) throw derError('OBJECT IDENTIFIER with needless bytes');
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER || arcs > 64) throw derError('OBJECT IDENTIFIER too long');
    fresh = byte < 0x80;
    if (!fresh) continue;
    if (arcs === 0) {
      const root = value < 40 ? 0 : value < 80 ? 1 : 2;
      text = `${root}.${value - root * 40}`;
    } else {
      text += `.${value}`;
    }
    arcs++;
    value = 0;
  }
  if (arcs === 0 || !fresh) throw derError('OBJECT IDENTIFIER that is empty or cut off');
  return text;
}

export function derError(message: string) {
  return cryptoErrors.error('DER_INVALID', { message: `not DER: ${message}` });
}
