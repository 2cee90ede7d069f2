import { createHash, randomBytes } from 'node:crypto';
import { readDer } from '../der/reader.ts';
import {
  bitString,
  explicit,
  implicit,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  trueBoolean,
  unsignedInteger,
  utf8String,
} from '../der/writer.ts';
import type { PublicKey } from '../keys/public-key.ts';
import type { Signer } from '../keys/signer.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import { oids } from './oids.ts';

/** What a certificate is to say (RFC 5280 §4.1). */
export interface CertificateTemplate {
  /** Names as DER, from `distinguishedName`; an empty subject is `distinguishedName()`. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: PublicKey;
  /** First and last moment of validity, to the second. */
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** Extensions in order, from `certificateExtensions`. */
  readonly extensions: readonly Uint8Array[];
  /** Positive, at most 20 bytes, from `newSerialNumber`. */
  readonly serialNumber: Uint8Array;
}

/** A serial number of 159 random bits, the most that stays positive in 20 bytes (RFC 5280 §4.1.2.2). */
export function newSerialNumber(): Uint8Array {
  const serial = new Uint8Array(randomBytes(20));
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial;
}

/** Signs a certificate with its issuer's key in this process: DER. What it says is not checked. */
export function issueCertificate(template: CertificateTemplate, issuerKey: SigningKey): Uint8Array {
  const toBeSigned = certificateToBeSigned(template, issuerKey);
  return sequence(toBeSigned, signatureAlgorithm(issuerKey), bitString(issuerKey.sign(toBeSigned)));
}

/** The same with a key that may be elsewhere. Throws what the signer throws. */
export async function issueCertificateWith(
  template: CertificateTemplate,
  issuer: Signer,
): Promise<Uint8Array> {
  const toBeSigned = certificateToBeSigned(template, issuer);
  return sequence(toBeSigned, signatureAlgorithm(issuer), bitString(await issuer.sign(toBeSigned)));
}

/** The part of the certificate that is signed: what a log is shown before it exists (RFC 6962 §3.2). */
export function certificateToBeSigned(template: CertificateTemplate, issuerKey: Signer): Uint8Array {
  return sequence(
    explicit(0, unsignedInteger(Uint8Array.of(2))),
    unsignedInteger(template.serialNumber),
    signatureAlgorithm(issuerKey),
    template.issuer,
    sequence(time(template.validFrom), time(template.validUntil)),
    template.subject,
    template.publicKey.spki,
    explicit(3, sequence(...template.extensions)),
  );
}

/** The AlgorithmIdentifier of what `key.sign` makes. */
export function signatureAlgorithm(key: Signer): Uint8Array {
  switch (key.publicKey.algorithm) {
    case 'ecdsa-p256':
      return sequence(objectIdentifier(oids.ecdsaWithSha256));
    case 'ecdsa-p384':
      return sequence(objectIdentifier(oids.ecdsaWithSha384));
    case 'ecdsa-p521':
      return sequence(objectIdentifier(oids.ecdsaWithSha512));
    case 'rsa':
      return sequence(objectIdentifier(oids.rsaWithSha256), Uint8Array.of(5, 0));
    case 'ed25519':
      return sequence(objectIdentifier(oids.ed25519));
  }
}

/** A Name of an organization and a common name, or without arguments the empty one. */
export function distinguishedName(organization?: string, commonName?: string): Uint8Array {
  const part = (oid: string, text: string | undefined) =>
    text === undefined ? [] : [set(sequence(objectIdentifier(oid), utf8String(text)))];
  return sequence(...part(oids.organization, organization), ...part(oids.commonName, commonName));
}

/** An Extension around the DER of its value. */
export function certificateExtension(oid: string, value: Uint8Array, critical = false): Uint8Array {
  return sequence(objectIdentifier(oid), ...(critical ? [trueBoolean()] : []), octetString(value));
}

const extension = certificateExtension;

/** The extensions a certificate authority of Sigstore writes (RFC 5280 §4.2.1). */
export const certificateExtensions = {
  /** basicConstraints of an authority; `pathLength` authorities may stand between it and a leaf. */
  authority: (pathLength: number): Uint8Array =>
    extension(
      oids.basicConstraints,
      sequence(trueBoolean(), unsignedInteger(Uint8Array.of(pathLength))),
      true,
    ),
  /** keyUsage: keyCertSign and cRLSign. */
  signsCertificates: (): Uint8Array =>
    extension(oids.keyUsage, bitString(Uint8Array.of(0b0000_0110), 1), true),
  /** keyUsage: digitalSignature. */
  signsData: (): Uint8Array => extension(oids.keyUsage, bitString(Uint8Array.of(0b1000_0000), 7), true),
  extendedKeyUsage: (purpose: string, critical = false): Uint8Array =>
    extension(oids.extendedKeyUsage, sequence(objectIdentifier(purpose)), critical),
  subjectKeyIdentifier: (key: PublicKey): Uint8Array =>
    extension(oids.subjectKeyIdentifier, octetString(keyIdentifier(key))),
  authorityKeyIdentifier: (key: PublicKey): Uint8Array =>
    extension(oids.authorityKeyIdentifier, sequence(implicit(0, keyIdentifier(key)))),
  /** One name, critical, as a certificate without a subject must have it (§4.2.1.6). */
  /** One name. A `username` is Fulcio's OtherName (1.3.6.1.4.1.57264.1.7), `user!domain`. */
  subjectAltName: (name: {
    readonly type: 'email' | 'uri' | 'username';
    readonly value: string;
  }): Uint8Array => {
    const bytes = new TextEncoder().encode(name.value);
    const general =
      name.type === 'username'
        ? explicit(0, objectIdentifier(oids.fulcioUsername), explicit(0, utf8String(name.value)))
        : implicit(name.type === 'email' ? 1 : 6, bytes);
    return extension(oids.subjectAltName, sequence(general), true);
  },
};

/** SHA-1 of the key's bits, method 1 of RFC 5280 §4.2.1.2: an identifier, not a security check. */
function keyIdentifier(key: PublicKey): Uint8Array {
  const info = readDer(key.spki);
  info.element();
  return new Uint8Array(createHash('sha1').update(info.bitString()).digest());
}
