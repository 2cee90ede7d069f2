import { contextTag, DerReader, tags } from '../der/reader.ts';
import { concatBytes, toHex } from '../encoding/bytes.ts';
import { cryptoErrors } from '../errors.ts';
import type { SignatureScheme } from '../keys/verify.ts';
import { oids } from '../x509/oids.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

const hashes: Readonly<Record<string, HashName>> = {
  [oids.sha256]: 'sha256',
  [oids.sha384]: 'sha384',
  [oids.sha512]: 'sha512',
};

/** The one signer of a CMS message (RFC 5652 §5.3), with the attributes a timestamp must have. */
export interface SignerInfo {
  /** Name as DER, and serial number in hexadecimal, of the certificate it claims to sign with. */
  readonly issuer: Uint8Array;
  readonly issuerSerialNumber: string;
  readonly digestAlgorithm: HashName;
  /** The bytes that are signed: the attributes as a SET. */
  readonly signedBytes: Uint8Array;
  /** Attribute content-type: an OID. */
  readonly contentType: string;
  /** Attribute message-digest. */
  readonly messageDigest: Uint8Array;
  /** Attribute signing-certificate: hash of the certificate it signs with (RFC 5816; SHA-1 only in RFC 2634). */
  readonly certificateHash: { readonly algorithm: HashName | 'sha1'; readonly digest: Uint8Array } | null;
  readonly scheme: SignatureScheme;
  readonly signature: Uint8Array;
}

/** @throws TIMESTAMP_UNREADABLE, DER_INVALID */
export function readSignerInfo(info: DerReader): SignerInfo {
  if (info.smallInteger() !== 1)
    throw unreadable('names its signer in another way than by issuer and serial');
  const id = info.nested();
  const issuer = id.element(tags.sequence).bytes;
  const issuerSerialNumber = toHex(id.positiveInteger());
  id.end();
  const digestAlgorithm = hashName(info.nested());
  if (digestAlgorithm === null) throw unreadable('is signed over a hash that is not accepted');
  const attributes = info.element(contextTag(0, true));
  const scheme = readScheme(info.nested(), digestAlgorithm);
  const signature = info.octetString();
  // Unsigned attributes could be added by anyone.
  info.optionalNested(contextTag(1, true));
  info.end();
  return {
    issuer,
    issuerSerialNumber,
    digestAlgorithm,
    signedBytes: concatBytes(Uint8Array.of(tags.set), attributes.bytes.subarray(1)),
    ...readAttributes(attributes.content),
    scheme,
    signature,
  };
}

function readAttributes(
  content: Uint8Array,
): Pick<SignerInfo, 'contentType' | 'messageDigest' | 'certificateHash'> {
  const values = new Map<string, DerReader>();
  const list = new DerReader(content);
  while (!list.done) {
    const attribute = list.nested();
    const oid = attribute.oid();
    if (values.has(oid)) throw unreadable(`has the attribute ${oid} twice`);
    values.set(oid, attribute.nested(tags.set));
    attribute.end();
  }
  const contentType = values.get(oids.contentType)?.oid();
  const messageDigest = values.get(oids.messageDigest)?.octetString();
  if (contentType === undefined || messageDigest === undefined)
    throw unreadable('does not sign its content’s type and hash');
  const version2 = values.get(oids.signingCertificateV2);
  const version1 = values.get(oids.signingCertificate);
  const certificateHash =
    version2 !== undefined
      ? readCertificateHash(version2, 'sha256')
      : version1 !== undefined
        ? readCertificateHash(version1, 'sha1')
        : null;
  return { contentType, messageDigest, certificateHash };
}

/** The first ESSCertID or ESSCertIDv2 (RFC 5035 §3, §4), which is the signer's. */
function readCertificateHash(value: DerReader, assumed: 'sha1' | 'sha256'): SignerInfo['certificateHash'] {
  const first = value.nested().nested().nested();
  if (first.peek() !== tags.sequence) return { algorithm: assumed, digest: first.octetString() };
  const algorithm = hashName(first.nested());
  if (algorithm === null) throw unreadable('names its certificate by a hash that is not accepted');
  return { algorithm, digest: first.octetString() };
}

/** An AlgorithmIdentifier of a hash, with or without NULL; null when it is not accepted (SHA-1, MD5…). */
export function hashName(algorithm: DerReader): HashName | null {
  const name = hashes[algorithm.oid()] ?? null;
  if (!algorithm.done) algorithm.null();
  algorithm.end();
  return name;
}

/** Signature algorithms; those that do not name a hash use the signer's digest algorithm (RFC 5754, RFC 8419). */
function readScheme(algorithm: DerReader, hash: HashName): SignatureScheme {
  const oid = algorithm.oid();
  if (!algorithm.done) algorithm.null();
  algorithm.end();
  switch (oid) {
    case oids.ecdsaWithSha256:
      return 'ecdsa-sha256';
    case oids.ecdsaWithSha384:
      return 'ecdsa-sha384';
    case oids.ecdsaWithSha512:
      return 'ecdsa-sha512';
    case oids.ecPublicKey:
      return `ecdsa-${hash}`;
    case oids.rsaWithSha256:
      return 'rsa-pkcs1v15-sha256';
    case oids.rsaWithSha384:
      return 'rsa-pkcs1v15-sha384';
    case oids.rsaWithSha512:
      return 'rsa-pkcs1v15-sha512';
    case oids.rsaEncryption:
      return `rsa-pkcs1v15-${hash}`;
    case oids.ed25519:
      return 'ed25519';
    default:
      throw unreadable(`is signed with an algorithm that is not accepted (${oid})`);
  }
}

function unreadable(message: string) {
  return cryptoErrors.error('TIMESTAMP_UNREADABLE', { message: `the signed timestamp ${message}` });
}
