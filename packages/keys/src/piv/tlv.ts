import { keysErrors } from '../errors.ts';

/** One data object of a card: BER-TLV (ISO/IEC 7816-4 §5.2.2). */
export interface DataObject {
  readonly tag: number;
  /** A view of the input. */
  readonly value: Uint8Array;
}

/** No template of PIV has more objects, and no object of a PIV card is larger (SP 800-73-4 part 1, table 7). */
const [maxObjects, maxBytes] = [32, 16 * 1024];

/**
 * Reads the data objects that stand one after the other in `bytes`. Objects within them are not read: whoever expects some
 * reads again, so that nothing nests deeper than the caller knows.
 *
 * @throws PIV_ANSWER_INVALID for what is cut off or too much, for tags of more than two bytes, and for lengths of more than
 *   two
 */
export function readObjects(bytes: Uint8Array): DataObject[] {
  if (bytes.byteLength > maxBytes) throw invalid(`${bytes.byteLength} bytes, which is too much`);
  const objects: DataObject[] = [];
  let offset = 0;
  const byte = (): number => {
    if (offset >= bytes.byteLength) throw invalid('data that is cut off');
    return bytes[offset++]!;
  };
  while (offset < bytes.byteLength) {
    if (objects.length === maxObjects) throw invalid(`more than ${maxObjects} data objects in one`);
    let tag = byte();
    if ((tag & 0x1f) === 0x1f) {
      const more = byte();
      if (more >= 0x80) throw invalid('a tag of more than two bytes');
      tag = tag * 256 + more;
    }
    let length = byte();
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count < 1 || count > 2) throw invalid('a length that is indefinite, or of more than two bytes');
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + byte();
    }
    if (length > bytes.byteLength - offset) throw invalid('a data object that is cut off');
    objects.push({ tag, value: bytes.subarray(offset, offset + length) });
    offset += length;
  }
  return objects;
}

/** The value of the first object with a tag; undefined where none has it. */
export function findObject(bytes: Uint8Array, tag: number): Uint8Array | undefined {
  return readObjects(bytes).find((object) => object.tag === tag)?.value;
}

/** The same, which must be there. */
export function requireObject(bytes: Uint8Array, tag: number): Uint8Array {
  const value = findObject(bytes, tag);
  if (value === undefined) throw invalid(`no data object ${tag.toString(16)}`);
  return value;
}

/** @param found what the card sent, in words */
export function invalid(found: string) {
  return keysErrors.error('PIV_ANSWER_INVALID', {
    message: 'the token sent something that is not what its application sends',
    found,
  });
}
