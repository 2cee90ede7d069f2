import { concatBytes, uintBytes } from '@pratique/crypto';
import type { CborMap, CborValue } from './read.ts';
import { isMap, isTag } from './read.ts';

/** A value in core deterministic encoding (RFC 8949 §4.2.1): what `readCbor` reads back as it was. */
export function writeCbor(value: CborValue): Uint8Array {
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'string') {
    const bytes = new TextEncoder().encode(value);
    return concatBytes(head(3, bytes.byteLength), bytes);
  }
  if (value instanceof Uint8Array) return concatBytes(head(2, value.byteLength), value);
  if (isMap(value)) return writeMap(value);
  if (isTag(value)) return concatBytes(head(6, value.tag), writeCbor(value.value));
  return concatBytes(head(4, value.length), ...value.map(writeCbor));
}

function writeMap(map: CborMap): Uint8Array {
  const entries = [...map].map(([key, value]) => [writeCbor(key), writeCbor(value)] as const);
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  return concatBytes(head(5, entries.length), ...entries.flat());
}

function head(major: number, argument: number): Uint8Array {
  if (argument < 24) return Uint8Array.of((major << 5) | argument);
  const power = argument < 2 ** 8 ? 0 : argument < 2 ** 16 ? 1 : argument < 2 ** 32 ? 2 : 3;
  return concatBytes(Uint8Array.of((major << 5) | (24 + power)), uintBytes(argument, 2 ** power));
}
