/** A reader of DER (X.690) for certificates: definite lengths, one-byte tags, bounded depth by its callers' shape. */
import { isUtf8 } from 'node:buffer';

/** The bytes are not the DER that is expected. The message is in the style of Go's `x509` and `asn1` packages. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag of a context-specific element. */
export function context(number: number, constructed = false): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

export interface Element {
  readonly tag: number;
  /** With tag and length. */
  readonly raw: Uint8Array;
  readonly content: Uint8Array;
}

export class DerReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** The next element, which must have the tag where one is given. */
  next(expected?: number): Element {
    const start = this.at;
    const found = this.byte();
    if ((found & 0x1f) === 0x1f) throw new DerError('x509: malformed certificate');
    let length = this.byte();
    if (length >= 0x80) {
      const size = length & 0x7f;
      if (size === 0 || size > 4) throw new DerError('x509: malformed certificate');
      length = 0;
      for (let i = 0; i < size; i++) length = length * 256 + this.byte();
      // DER has one way to write a length: the shortest.
      if (length < 128 || length < 256 ** (size - 1)) throw new DerError('x509: malformed certificate');
    }
    const from = this.at;
    if (from + length > this.bytes.length) throw new DerError('x509: malformed certificate');
    this.at = from + length;
    if (expected !== undefined && found !== expected) throw new DerError('x509: malformed certificate');
    return {
      tag: found,
      raw: this.bytes.subarray(start, this.at),
      content: this.bytes.subarray(from, this.at),
    };
  }

  /** The next element if it has this tag. */
  optional(expected: number): Element | undefined {
    return this.bytes[this.at] === expected ? this.next() : undefined;
  }

  all(): readonly Element[] {
    const elements: Element[] = [];
    while (!this.done) elements.push(this.next());
    return elements;
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new DerError('x509: malformed certificate');
    return byte;
  }
}

/** The elements inside a constructed element. */
export function children(element: Element): readonly Element[] {
  return new DerReader(element.content).all();
}

export function inside(element: Element): DerReader {
  return new DerReader(element.content);
}

export function integerOf(element: Element): bigint {
  const [first, second] = element.content;
  if (first === undefined) throw new DerError('asn1: structure error: empty integer');
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new DerError('asn1: structure error: integer not minimally-encoded');
  }
  let value = 0n;
  for (const byte of element.content) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(element.content.length * 8, value);
}

/** The arcs of an object identifier; each at most 2^31 as in Go. */
export function oidOf(element: Element): readonly number[] {
  const arcs: number[] = [];
  let value = 0;
  let open = false;
  for (const byte of element.content) {
    value = value * 128 + (byte & 0x7f);
    if (value > 0x7fffffff) throw new DerError('x509: malformed certificate');
    open = byte >= 0x80;
    if (open) continue;
    if (arcs.length === 0) {
      const first = Math.min(Math.floor(value / 40), 2);
      arcs.push(first, value - first * 40);
    } else arcs.push(value);
    value = 0;
  }
  if (open || arcs.length === 0) throw new DerError('x509: malformed certificate');
  return arcs;
}

/** The bytes of a bit string without its count of unused bits. */
export function bitsOf(element: Element): { readonly bytes: Uint8Array; readonly unused: number } {
  const unused = element.content[0];
  if (unused === undefined || unused > 7) throw new DerError('x509: malformed certificate');
  return { bytes: element.content.subarray(1), unused };
}

export function booleanOf(element: Element): boolean {
  const [byte] = element.content;
  if (element.content.length !== 1 || (byte !== 0 && byte !== 0xff))
    throw new DerError('asn1: syntax error: invalid boolean');
  return byte === 0xff;
}

/** What each string type of a name may hold. */
const textTypes: Readonly<Record<number, RegExp>> = {
  [tag.utf8String]: /^/,
  [tag.numericString]: /^[0-9 ]*$/,
  [tag.printableString]: /^[A-Za-z0-9 '()+,\-./:=?*&]*$/,
  [tag.t61String]: /^/,
  [tag.ia5String]: /^[\u0000-\u007f]*$/,
  [tag.bmpString]: /^/,
};

/** Text of any of the string types of a name. */
export function textOf(element: Element): string {
  const bytes = Buffer.from(element.content);
  const allowed = textTypes[element.tag];
  const utf8 = element.tag !== tag.utf8String || isUtf8(bytes);
  if (allowed === undefined || !utf8 || !allowed.test(bytes.toString('latin1'))) {
    throw new DerError('x509: invalid RDNSequence: invalid attribute value');
  }
  if (element.tag !== tag.bmpString) return bytes.toString(element.tag === tag.t61String ? 'latin1' : 'utf8');
  if (bytes.length % 2 === 1) throw new DerError('x509: malformed certificate');
  return bytes.swap16().toString('utf16le');
}

/** A UTCTime or GeneralizedTime as milliseconds since 1970. */
export function timeOf(element: Element): number {
  const text = Buffer.from(element.content).toString('latin1');
  const long = element.tag === tag.generalizedTime;
  if (!long && element.tag !== tag.utcTime) throw new DerError('x509: unsupported time format');
  const match = (
    long ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
  ).exec(text);
  if (match === null) throw new DerError('x509: malformed UTCTime');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const full = long ? year : year + (year < 50 ? 2000 : 1900);
  const date = new Date(0);
  date.setUTCFullYear(full, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const valid =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!valid) throw new DerError('x509: malformed time');
  return date.getTime();
}
