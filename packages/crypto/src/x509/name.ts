import { readDer, tags } from '../der/reader.ts';
import { cryptoErrors } from '../errors.ts';

/** One AttributeTypeAndValue of a Name (RFC 5280 §4.1.2.4). */
export interface NameAttribute {
  /** Dotted. */
  readonly oid: string;
  /** Null where it is not a string of a kind that is read: PrintableString, UTF8String, IA5String. */
  readonly value: string | null;
}

const maxAttributes = 64;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ascii: ReadonlySet<number> = new Set([tags.printableString, tags.ia5String]);

/**
 * The attributes of a Name as DER, in the order in which they stand: one list for each RelativeDistinguishedName, which
 * has nearly always one attribute.
 *
 * @throws DER_INVALID, CERTIFICATE_INVALID for text that is not of the kind it says, or more than 64 attributes
 */
export function parseName(der: Uint8Array): readonly (readonly NameAttribute[])[] {
  const names: NameAttribute[][] = [];
  let count = 0;
  const sequence = readDer(der);
  while (!sequence.done) {
    const set = sequence.nested(tags.set);
    const attributes: NameAttribute[] = [];
    while (!set.done) {
      if (++count > maxAttributes) throw invalid(`a name of more than ${maxAttributes} attributes`);
      const attribute = set.nested();
      const oid = attribute.oid();
      const { tag, content } = attribute.element();
      attribute.end();
      attributes.push({ oid, value: readText(tag, content) });
    }
    names.push(attributes);
  }
  return names;
}

function readText(tag: number, content: Uint8Array): string | null {
  if (tag !== tags.utf8String && !ascii.has(tag)) return null;
  if (ascii.has(tag) && content.some((byte) => byte >= 0x80)) throw invalid('a name that is not ASCII');
  try {
    return utf8.decode(content);
  } catch {
    throw invalid('a name that is not UTF-8');
  }
}

function invalid(message: string) {
  return cryptoErrors.error('CERTIFICATE_INVALID', {
    message: `the certificate cannot be used: it has ${message}`,
  });
}
