/** X.509 certificates (RFC 5280), shown with the members and values of Go's `x509.Certificate`. */
import type { RegoObject, Value } from '../../values/index.ts';
import { bitsOf, context, DerError, DerReader, type Element, inside, integerOf, tag, timeOf } from './der.ts';
import {
  type AlternativeNames,
  alternativeNameMembers,
  alternativeNames,
  type Constraints,
  constraints,
  type Extension,
  extensionMembers,
  extensionsValue,
  parseExtensions,
  uriStrings,
} from './extensions.ts';
import { bytes, integer, oid, record, slice, time } from './go-values.ts';
import { nameValue } from './name.ts';
import { publicKeyInfo, signatureAlgorithm } from './public-key.ts';

export interface Certificate {
  readonly raw: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly names: AlternativeNames;
  readonly constraints: Constraints;
  readonly extensions: readonly Extension[];
  /** Without `URIStrings`, which only some built-ins add. */
  readonly members: Readonly<Record<string, Value>>;
}

/** The certificates that stand one after another in `der`. Throws {@link DerError}. */
export function parseCertificates(der: Uint8Array): readonly Certificate[] {
  const reader = new DerReader(der);
  const certificates: Certificate[] = [];
  while (!reader.done) certificates.push(parseCertificate(reader.next(tag.sequence)));
  return certificates;
}

/** The object OPA shows. */
export function certificateValue(certificate: Certificate, withUriStrings: boolean): RegoObject {
  if (!withUriStrings) return record(certificate.members);
  return record({ ...certificate.members, URIStrings: uriStrings(certificate.names) });
}

function parseCertificate(element: Element): Certificate {
  const outer = inside(element);
  const body = outer.next(tag.sequence);
  const algorithm = outer.next(tag.sequence);
  const signature = bitsOf(outer.next(tag.bitString)).bytes;
  const reader = inside(body);
  const versionElement = reader.optional(context(0, true));
  const version =
    versionElement === undefined ? 1 : Number(integerOf(inside(versionElement).next(tag.integer))) + 1;
  if (version < 1 || version > 3) throw new DerError('x509: invalid version');
  const serial = integerOf(reader.next(tag.integer));
  const inner = reader.next(tag.sequence);
  if (!Buffer.from(inner.raw).equals(Buffer.from(algorithm.raw))) {
    throw new DerError("x509: inner and outer signature algorithm identifiers don't match");
  }
  const issuer = reader.next(tag.sequence);
  const validity = inside(reader.next(tag.sequence));
  const notBefore = timeOf(validity.next());
  const notAfter = timeOf(validity.next());
  const subject = reader.next(tag.sequence);
  const keyInfo = reader.next(tag.sequence);
  reader.optional(context(1));
  reader.optional(context(2));
  const extensionsElement = reader.optional(context(3, true));
  const extensions =
    extensionsElement === undefined ? [] : parseExtensions(inside(extensionsElement).next(tag.sequence));
  const names = alternativeNames(extensions);
  const limits = constraints(extensions);
  const key = publicKeyInfo(keyInfo);
  return {
    raw: element.raw,
    issuer: issuer.raw,
    subject: subject.raw,
    notBefore,
    notAfter,
    names,
    constraints: limits,
    extensions,
    members: {
      Raw: bytes(element.raw),
      RawTBSCertificate: bytes(body.raw),
      RawSubjectPublicKeyInfo: bytes(keyInfo.raw),
      RawSubject: bytes(subject.raw),
      RawIssuer: bytes(issuer.raw),
      Signature: bytes(signature),
      SignatureAlgorithm: signatureAlgorithm(algorithm),
      PublicKeyAlgorithm: key.algorithm,
      PublicKey: key.value,
      Version: version,
      SerialNumber: integer(serial),
      Issuer: nameValue(issuer),
      Subject: nameValue(subject),
      NotBefore: time(notBefore),
      NotAfter: time(notAfter),
      KeyUsage: limits.keyUsage,
      Extensions: extensionsValue(extensions),
      ExtraExtensions: null,
      UnhandledCriticalExtensions: slice(limits.unhandledCritical.map(oid)),
      ExtKeyUsage: slice(limits.extendedKeyUsage),
      UnknownExtKeyUsage: slice(limits.unknownKeyUsage.map(oid)),
      BasicConstraintsValid: limits.basic.present,
      IsCA: limits.basic.ca,
      // Go: -1 where basic constraints set no length, 0 without them.
      MaxPathLen: limits.basic.present ? (limits.basic.pathLength ?? -1) : 0,
      MaxPathLenZero: limits.basic.pathLength === 0,
      ...extensionMembers(extensions),
      ...alternativeNameMembers(names),
    },
  };
}
