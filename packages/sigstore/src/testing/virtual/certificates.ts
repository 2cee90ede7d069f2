import { createHash } from 'node:crypto';
import {
  type CertificateTemplate,
  certificateExtension,
  certificateToBeSigned,
  derWriter,
  issueCertificate,
  oids,
  type PublicKey,
  parseCertificate,
  type SigningKey,
} from '@pratique/crypto';

const { bitString, explicit, implicit, objectIdentifier, octetString, sequence, set, trueBoolean } =
  derWriter;

/** Who issues: a name and the key that goes with it. */
export interface Issuer {
  readonly name: Uint8Array;
  readonly key: SigningKey;
}

export interface NewCertificate {
  readonly issuer: Issuer;
  readonly subject: Uint8Array;
  readonly key: PublicKey;
  readonly validFrom: Date;
  readonly validUntil: Date;
  readonly extensions: readonly Uint8Array[];
  readonly serialNumber?: Uint8Array;
}

/** Everything is deterministic but keys and signatures, so serial numbers count. */
let serial = 0x1000;

/** What the product's own writer takes; the tests bend what goes in, not how it is written. */
function templateOf(certificate: NewCertificate): CertificateTemplate {
  serial++;
  return {
    issuer: certificate.issuer.name,
    subject: certificate.subject,
    publicKey: certificate.key,
    validFrom: certificate.validFrom,
    validUntil: certificate.validUntil,
    extensions: certificate.extensions,
    serialNumber: certificate.serialNumber ?? Uint8Array.of(0x40, serial >> 8, serial & 0xff),
  };
}

/** An X.509 version 3 certificate, DER, of whatever it is told to say. */
export function makeCertificate(certificate: NewCertificate): Uint8Array {
  return issueCertificate(templateOf(certificate), certificate.issuer.key);
}

export function toBeSigned(certificate: NewCertificate): Uint8Array {
  return certificateToBeSigned(templateOf(certificate), certificate.issuer.key);
}

export function distinguishedName(commonName: string): Uint8Array {
  return sequence(set(sequence(objectIdentifier(oids.commonName), derWriter.utf8String(commonName))));
}

/** A name without any part, as Fulcio gives its certificates. */
export const emptyName = sequence();

export const extension = certificateExtension;

export const extensions = {
  authority: (pathLength: number | null = null, ca = true) =>
    extension(
      oids.basicConstraints,
      sequence(
        ...(ca ? [trueBoolean()] : []),
        ...(pathLength === null ? [] : [derWriter.unsignedInteger(Uint8Array.of(pathLength))]),
      ),
      true,
    ),
  /** keyCertSign and cRLSign. */
  signsCertificates: () => extension(oids.keyUsage, bitString(Uint8Array.of(0b0000_0110), 1), true),
  /** digitalSignature. */
  signsData: () => extension(oids.keyUsage, bitString(Uint8Array.of(0b1000_0000), 7), true),
  purposes: (critical: boolean, ...purposes: readonly string[]) =>
    extension(oids.extendedKeyUsage, sequence(...purposes.map(objectIdentifier)), critical),
  subjectKey: (key: PublicKey) =>
    extension(
      oids.subjectKeyIdentifier,
      octetString(new Uint8Array(createHash('sha1').update(key.spki).digest())),
    ),
  names: (...names: readonly Uint8Array[]) => extension(oids.subjectAltName, sequence(...names), true),
  /** A Fulcio extension whose value is a DER UTF8String. */
  fulcio: (number: number, value: string) =>
    extension(`1.3.6.1.4.1.57264.1.${number}`, derWriter.utf8String(value)),
  /** One whose value is bare text. */
  fulcioRaw: (number: number, value: string) =>
    extension(`1.3.6.1.4.1.57264.1.${number}`, new TextEncoder().encode(value)),
};

export const names = {
  email: (value: string) => implicit(1, new TextEncoder().encode(value)),
  dns: (value: string) => implicit(2, new TextEncoder().encode(value)),
  uri: (value: string) => implicit(6, new TextEncoder().encode(value)),
  other: (oid: string, value: string) =>
    explicit(0, objectIdentifier(oid), explicit(0, derWriter.utf8String(value))),
};

/** A certificate authority with a root and an intermediate, whose certificates can be made wrong one by one. */
export interface TestAuthority {
  readonly root: Uint8Array;
  readonly intermediate: Uint8Array;
  /** What issues the leaves. */
  readonly issuer: Issuer;
}

export interface AuthorityOptions {
  readonly name: string;
  readonly rootKey: SigningKey;
  readonly intermediateKey: SigningKey;
  readonly purpose: string;
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** Changes to what a good one says. */
  readonly root?: Partial<NewCertificate>;
  readonly intermediate?: Partial<NewCertificate>;
}

export function makeAuthority(options: AuthorityOptions): TestAuthority {
  const { name, rootKey, intermediateKey, purpose, validFrom, validUntil } = options;
  const rootName = distinguishedName(`${name} root`);
  const intermediateName = distinguishedName(`${name} intermediate`);
  const root = makeCertificate({
    issuer: { name: rootName, key: rootKey },
    subject: rootName,
    key: rootKey.publicKey,
    validFrom,
    validUntil,
    extensions: [extensions.authority(), extensions.signsCertificates()],
    ...options.root,
  });
  const intermediate = makeCertificate({
    issuer: { name: rootName, key: rootKey },
    subject: intermediateName,
    key: intermediateKey.publicKey,
    validFrom,
    validUntil,
    extensions: [
      extensions.authority(0),
      extensions.signsCertificates(),
      extensions.purposes(false, purpose),
    ],
    ...options.intermediate,
  });
  return { root, intermediate, issuer: { name: intermediateName, key: intermediateKey } };
}

/** The certificates as a trusted root has them. */
export function anchorsOf({ root, intermediate }: TestAuthority) {
  return { anchors: [parseCertificate(root)], intermediates: [parseCertificate(intermediate)] };
}
