import { contextTag, DerReader, readDer, tags } from '../der/reader.ts';
import { cryptoErrors } from '../errors.ts';
import type { Certificate } from './certificate.ts';
import { formatIp } from './ip.ts';
import { oids } from './oids.ts';

/** One name of SubjectAltName (RFC 5280 §4.2.1.6). Kinds that name no signer or server are left out. */
export type GeneralName =
  | { readonly kind: 'email' | 'dns' | 'uri' | 'ip'; readonly value: string }
  /** OtherName whose value is a UTF8String, as Fulcio writes user names (OID 1.3.6.1.4.1.57264.1.7). */
  | { readonly kind: 'other'; readonly oid: string; readonly value: string };

const maxNames = 256;

/** All subject alternative names, in order; empty without the extension. @throws DER_INVALID, CERTIFICATE_INVALID */
export function subjectAltNames(certificate: Certificate): readonly GeneralName[] {
  const extension = certificate.extensions.get(oids.subjectAltName);
  if (extension === undefined) return [];
  const list = readDer(extension.value);
  const names: GeneralName[] = [];
  for (let count = 0; !list.done; count++) {
    if (count >= maxNames) throw invalid(`more than ${maxNames} alternative names`);
    const name = readName(list);
    if (name !== null) names.push(name);
  }
  return names;
}

function readName(list: DerReader): GeneralName | null {
  const { tag, content } = list.element();
  switch (tag) {
    case contextTag(0, true): {
      const other = new DerReader(content);
      const oid = other.oid();
      const outer = other.nested(contextTag(0, true));
      other.end();
      if (outer.peek() !== tags.utf8String) return null;
      const value = decodeUtf8(outer.element(tags.utf8String).content);
      outer.end();
      return { kind: 'other', oid, value };
    }
    case contextTag(1, false):
      return { kind: 'email', value: decodeAscii(content) };
    case contextTag(2, false):
      return { kind: 'dns', value: decodeAscii(content) };
    case contextTag(6, false):
      return { kind: 'uri', value: decodeAscii(content) };
    case contextTag(7, false):
      if (content.byteLength !== 4 && content.byteLength !== 16) throw invalid('an IP address of odd length');
      return { kind: 'ip', value: formatIp(content) };
    default:
      return null;
  }
}

/** Whether the certificate may issue others, and how many may stand between (RFC 5280 §4.2.1.9). @throws DER_INVALID */
export function basicConstraints(certificate: Certificate): {
  readonly ca: boolean;
  readonly pathLength: number | null;
} {
  const extension = certificate.extensions.get(oids.basicConstraints);
  if (extension === undefined) return { ca: false, pathLength: null };
  const value = readDer(extension.value);
  const ca = value.peek() === tags.boolean && value.boolean();
  const pathLength = value.done ? null : value.smallInteger();
  value.end();
  return { ca, pathLength };
}

const usages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof usages)[number];

/** What the key may be used for (RFC 5280 §4.2.1.3); null when the certificate does not restrict it. @throws DER_INVALID */
export function keyUsage(certificate: Certificate): readonly KeyUsage[] | null {
  const extension = certificate.extensions.get(oids.keyUsage);
  if (extension === undefined) return null;
  const outer = new DerReader(extension.value);
  const { content } = outer.element(tags.bitString);
  outer.end();
  const unused = content[0];
  if (unused === undefined || unused > 7 || content.byteLength < 2 || content.byteLength > 3)
    throw invalid('a malformed key usage');
  return usages.filter((_, bit) => ((content[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

/** OIDs of the purposes the key is limited to (RFC 5280 §4.2.1.12); null when it is not. @throws DER_INVALID */
export function extendedKeyUsage(certificate: Certificate): readonly string[] | null {
  const extension = certificate.extensions.get(oids.extendedKeyUsage);
  if (extension === undefined) return null;
  const list = readDer(extension.value);
  const purposes: string[] = [];
  while (!list.done) purposes.push(list.oid());
  return purposes;
}

// Shared: decoding whole inputs leaves no state behind.
const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** IA5String is seven-bit; a byte beyond could be read as different characters by different readers. */
function decodeAscii(bytes: Uint8Array): string {
  if (bytes.some((byte) => byte >= 0x80)) throw invalid('a name that is not ASCII');
  return latin1.decode(bytes);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalid('a name that is not UTF-8');
  }
}

function invalid(message: string) {
  return cryptoErrors.error('CERTIFICATE_INVALID', {
    message: `the certificate cannot be used: it has ${message}`,
  });
}
