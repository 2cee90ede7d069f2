import {
  type Certificate,
  certificateExtension,
  certificateExtensions,
  derWriter,
  formatPem,
  formatTimestampRequest,
  generateSigningKey,
  issueCertificate,
  issueTimestamp,
  type KeyAlgorithm,
  newSerialNumber,
  oids,
  parseCertificate,
  parseTimestampRequest,
  type SigningKey,
  tokenInResponse,
} from '@pratique/crypto';
import { chainSigner, type NotationSigner } from '../sign/signer.ts';

/** Attributes of a subject in order, by OID. */
export type Subject = readonly (readonly [oid: string, value: string])[];

export const wabbit: Subject = [
  [oids.country, 'US'],
  [oids.stateOrProvince, 'WA'],
  [oids.organization, 'wabbit-networks.io'],
  [oids.commonName, 'signer'],
];

/** A key with its certificate. */
export interface Holder {
  readonly key: SigningKey;
  readonly certificate: Certificate;
}

export interface IssueOptions {
  readonly subject?: Subject;
  readonly algorithm?: KeyAlgorithm;
  readonly validFrom?: Date;
  readonly validUntil?: Date;
  /** Extensions in place of the usual ones. */
  readonly extensions?: readonly Uint8Array[];
  /** Extensions beside the usual ones. */
  readonly more?: readonly Uint8Array[];
}

const start = new Date('2026-01-01T00:00:00Z');
const end = new Date('2027-01-01T00:00:00Z');

export const extensions = {
  ...certificateExtensions,
  /** keyUsage of one byte of bits, the first one the highest. */
  keyUsage: (bits: number, critical = true): Uint8Array =>
    certificateExtension(oids.keyUsage, derWriter.bitString(Uint8Array.of(bits), 0), critical),
  crl: (): Uint8Array =>
    certificateExtension(
      oids.crlDistributionPoints,
      derWriter.sequence(
        derWriter.sequence(
          derWriter.explicit(
            0,
            derWriter.explicit(
              0,
              derWriter.implicit(6, new TextEncoder().encode('http://crl.invalid/1.crl')),
            ),
          ),
        ),
      ),
    ),
};

/** A self-signed authority whose key may sign certificates. */
export function newRoot(name: string, options: IssueOptions = {}): Holder {
  const key = generateSigningKey(options.algorithm);
  const subject = options.subject ?? [[oids.commonName, name]];
  return hold(key, subject, key, subject, {
    extensions: [certificateExtensions.authority(3), certificateExtensions.signsCertificates()],
    ...options,
  });
}

/** An authority below another one. */
export function newAuthority(issuer: Holder, name: string, options: IssueOptions = {}): Holder {
  return newHolder(issuer, {
    subject: [[oids.commonName, name]],
    extensions: [certificateExtensions.authority(2), certificateExtensions.signsCertificates()],
    ...options,
  });
}

/** Somebody who may sign, unless `options` say otherwise. */
export function newHolder(issuer: Holder, options: IssueOptions = {}): Holder {
  const key = generateSigningKey(options.algorithm);
  const usual = [certificateExtensions.signsData(), certificateExtensions.extendedKeyUsage(oids.codeSigning)];
  return hold(key, options.subject ?? wabbit, issuer.key, issuer.certificate.subject, {
    extensions: usual,
    ...options,
  });
}

/** A signer who vouches for itself. */
export function newSelfSigned(options: IssueOptions = {}): Holder {
  const key = generateSigningKey(options.algorithm);
  const subject = options.subject ?? wabbit;
  return hold(key, subject, key, subject, { extensions: [certificateExtensions.signsData()], ...options });
}

function hold(
  key: SigningKey,
  subject: Subject,
  issuerKey: SigningKey,
  issuer: Subject | Uint8Array,
  { validFrom = start, validUntil = end, extensions: given = [], more = [] }: IssueOptions,
): Holder {
  const der = issueCertificate(
    {
      issuer: issuer instanceof Uint8Array ? issuer : name(issuer),
      subject: name(subject),
      publicKey: key.publicKey,
      validFrom,
      validUntil,
      extensions: [...given, ...more],
      serialNumber: newSerialNumber(),
    },
    issuerKey,
  );
  return { key, certificate: parseCertificate(der) };
}

export function name(subject: Subject): Uint8Array {
  const { objectIdentifier, sequence, set, utf8String } = derWriter;
  return sequence(...subject.map(([oid, value]) => set(sequence(objectIdentifier(oid), utf8String(value)))));
}

export function pem(...holders: readonly Holder[]): string {
  return holders.map(({ certificate }) => formatPem('CERTIFICATE', certificate.der)).join('');
}

export function keyPem({ key }: Holder): string {
  return formatPem('PRIVATE KEY', key.exportPkcs8());
}

/** Signs with the first of a chain. */
export function signerOf(leaf: Holder, ...above: readonly Holder[]): NotationSigner {
  return chainSigner(leaf.key, new TextEncoder().encode(pem(leaf, ...above)), leaf.certificate.validFrom);
}

/** A timestamp authority below `root`. */
export function newTimestampAuthority(root: Holder, options: IssueOptions = {}): Holder {
  return newHolder(root, {
    subject: [[oids.commonName, 'tsa']],
    extensions: [
      certificateExtensions.signsData(),
      certificateExtensions.extendedKeyUsage(oids.timeStamping, true),
    ],
    ...options,
  });
}

/** A token by it about `data`. */
export async function stamp(authority: Holder, data: Uint8Array, time: Date): Promise<Uint8Array> {
  const request = parseTimestampRequest(formatTimestampRequest(data));
  const issuer = { key: authority.key, certificate: authority.certificate, policy: '1.2.3.4' };
  return tokenInResponse(await issueTimestamp(request, issuer, time));
}
