/** Certificate signing requests (PKCS #10, RFC 2986) as Go's `x509.CertificateRequest`. */
import { RegoArray, type RegoObject, type Value } from '../../values/index.ts';
import {
  bitsOf,
  children,
  context,
  DerError,
  DerReader,
  type Element,
  inside,
  integerOf,
  oidOf,
  tag,
} from './der.ts';
import { alternativeNameMembers, alternativeNames, extensionsValue, parseExtensions } from './extensions.ts';
import { bytes, oid, record, slice } from './go-values.ts';
import { nameValue } from './name.ts';
import { publicKeyInfo, signatureAlgorithm } from './public-key.ts';

const extensionRequest = '1.2.840.113549.1.9.14';

/** The object OPA shows. Throws {@link DerError}. */
export function requestValue(der: Uint8Array): RegoObject {
  const outerReader = new DerReader(der);
  const element = structural(() => outerReader.next(tag.sequence));
  if (!outerReader.done) throw new DerError('asn1: syntax error: trailing data');
  const outer = inside(element);
  const body = structural(() => outer.next(tag.sequence));
  const algorithm = structural(() => outer.next(tag.sequence));
  const signature = bitsOf(structural(() => outer.next(tag.bitString))).bytes;
  const reader = inside(body);
  const version = Number(integerOf(reader.next(tag.integer)));
  const subject = reader.next(tag.sequence);
  const keyInfo = reader.next(tag.sequence);
  const attributesElement = reader.optional(context(0, true));
  const attributes = attributesElement === undefined ? [] : children(attributesElement);
  const requested = attributes.filter((attribute) => attributeType(attribute) === extensionRequest);
  const extensions = requested.flatMap((attribute) =>
    children(children(attribute)[1]!).flatMap(parseExtensions),
  );
  const key = publicKeyInfo(keyInfo);
  return record({
    Raw: bytes(element.raw),
    RawTBSCertificateRequest: bytes(body.raw),
    RawSubjectPublicKeyInfo: bytes(keyInfo.raw),
    RawSubject: bytes(subject.raw),
    Version: version,
    Signature: bytes(signature),
    SignatureAlgorithm: signatureAlgorithm(algorithm),
    PublicKeyAlgorithm: key.algorithm,
    PublicKey: key.value,
    Subject: nameValue(subject),
    Attributes: slice(requested.map(attributeValue)),
    Extensions: extensionsValue(extensions),
    ExtraExtensions: null,
    ...alternativeNameMembers(alternativeNames(extensions)),
  });
}

/** What is not the outer structure at all is an error of Go's `asn1`, not of `x509`. */
function structural(next: () => Element): Element {
  try {
    return next();
  } catch (error) {
    if (error instanceof DerError) {
      throw new DerError('asn1: structure error: tags do not match certificateRequest');
    }
    throw error;
  }
}

function attributeType(attribute: Element): string {
  return oidOf(inside(attribute).next(tag.oid)).join('.');
}

/** Go reads the extensions as attribute types with one value: `true` where an extension is critical, else its bytes. */
function attributeValue(attribute: Element): Value {
  const [type, values] = children(attribute);
  const sets = children(values!).map((extensions) => {
    return new RegoArray(
      parseExtensions(extensions).map(({ arcs, critical, value }) =>
        record({ Type: oid(arcs), Value: critical ? true : bytes(value) }),
      ),
    );
  });
  return record({ Type: oid(oidOf(type!)), Value: new RegoArray(sets) });
}
