/** How Go's `encoding/json` shows the values of its `x509` structures. */
import { RegoArray, RegoNumber, RegoObject, type Value } from '../../values/index.ts';

/** An object of named members. */
export function record(members: Readonly<Record<string, Value>>): RegoObject {
  return RegoObject.of(Object.entries(members));
}

/** A slice: null where it is empty, as a Go slice that nothing was appended to. */
export function slice(items: readonly Value[]): Value {
  return items.length === 0 ? null : new RegoArray(items);
}

/** A byte slice: base64. */
export function bytes(content: Uint8Array): string {
  return Buffer.from(content).toString('base64');
}

export function integer(value: bigint): Value {
  return RegoNumber.fromBigInt(value);
}

/** A big-endian unsigned integer. */
export function unsigned(content: Uint8Array): bigint {
  const hex = Buffer.from(content).toString('hex');
  return hex === '' ? 0n : BigInt(`0x${hex}`);
}

/** An object identifier: an array of its arcs. */
export function oid(arcs: readonly number[]): RegoArray {
  return new RegoArray(arcs);
}

/** A time: RFC 3339. */
export function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}
