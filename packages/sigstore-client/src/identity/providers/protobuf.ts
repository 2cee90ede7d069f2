import { concatBytes } from '@pratique/crypto';
import { providerFailed } from './provider.ts';

/** Content of a length-delimited field; null where the message has none of that number. */
export type WireField = Uint8Array | null;

/** A string field (protobuf encoding, wire type 2). */
export function writeText(field: number, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return concatBytes(Uint8Array.of((field << 3) | 2, ...varint(bytes.byteLength)), bytes);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/**
 * The first length-delimited field with this number; others are passed over.
 *
 * @throws IDENTITY_PROVIDER_FAILED for bytes that are no message
 */
export function readField(message: Uint8Array, wanted: number): WireField {
  let offset = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = message[offset++];
      if (byte === undefined) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed();
  };
  const skip = (length: number): Uint8Array => {
    if (length > message.byteLength - offset) throw malformed();
    offset += length;
    return message.subarray(offset - length, offset);
  };
  while (offset < message.byteLength) {
    const tag = number();
    switch (tag & 7) {
      case 0:
        number();
        break;
      case 1:
        skip(8);
        break;
      case 2: {
        const content = skip(number());
        if (tag >>> 3 === wanted) return content;
        break;
      }
      case 5:
        skip(4);
        break;
      default:
        throw malformed();
    }
  }
  return null;
}

function malformed() {
  return providerFailed('SPIFFE', 'its answer is not a protobuf message');
}
