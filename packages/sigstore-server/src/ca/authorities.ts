import { join } from 'node:path';
import {
  type Certificate,
  certificateExtensions,
  distinguishedName,
  formatPem,
  issueCertificate,
  newSerialNumber,
  oids,
  parseCertificate,
  parsePem,
  type SigningKey,
} from '@pratique/crypto';
import { readOrCreate } from '@pratique/storage';
import { generationName } from '../store/keys.ts';

const organization = 'pratique';
const tenYears = 3650 * 86_400_000;

interface AuthorityCertificate {
  readonly path: string;
  readonly name: string;
  readonly key: SigningKey;
  /** Null: signs itself. */
  readonly issuer: { readonly certificate: Certificate; readonly key: SigningKey } | null;
  readonly extensions: readonly Uint8Array[];
  readonly now: Date;
}

/** The certificate at `path`, which is made the first time and good for ten years. */
function loadCertificate({ path, name, key, issuer, extensions, now }: AuthorityCertificate): Certificate {
  const subject = distinguishedName(organization, name);
  const pem = readOrCreate(path, () => {
    const template = {
      issuer: issuer?.certificate.subject ?? subject,
      subject,
      publicKey: key.publicKey,
      validFrom: now,
      validUntil: new Date(now.getTime() + tenYears),
      extensions: [
        ...extensions,
        certificateExtensions.subjectKeyIdentifier(key.publicKey),
        ...(issuer === null ? [] : [certificateExtensions.authorityKeyIdentifier(issuer.key.publicKey)]),
      ],
      serialNumber: newSerialNumber(),
    };
    return formatPem('CERTIFICATE', issueCertificate(template, issuer?.key ?? key));
  });
  return parseCertificate(parsePem(pem, path)[0].bytes);
}

/** Leaf first: the certificates below and up to a root. */
export interface FulcioAuthority {
  readonly key: SigningKey;
  readonly intermediate: Certificate;
  readonly root: Certificate;
}

export interface TimestampAuthority {
  readonly key: SigningKey;
  readonly leaf: Certificate;
  readonly root: Certificate;
}

/** Where an authority's certificates are, and what they certify. */
export interface AuthorityFiles {
  readonly directory: string;
  readonly generation: number;
  readonly rootKey: SigningKey;
  readonly key: SigningKey;
  readonly now: Date;
}

const { authority, signsCertificates, signsData, extendedKeyUsage } = certificateExtensions;

/** Fulcio's certificates (root and intermediate, P-384), made the first time. */
export function loadFulcioAuthority(files: AuthorityFiles): FulcioAuthority {
  const { rootKey, key } = files;
  const root = load(files, 'fulcio-root', 'pratique fulcio root', rootKey, null, [
    signsCertificates(),
    authority(1),
  ]);
  const issuer = { certificate: root, key: rootKey };
  const intermediate = load(files, 'fulcio', 'pratique fulcio intermediate', key, issuer, [
    signsCertificates(),
    extendedKeyUsage(oids.codeSigning),
    authority(0),
  ]);
  return { key, intermediate, root };
}

/** The timestamp authority's certificates (root and its own), made the first time. */
export function loadTimestampAuthority(files: AuthorityFiles): TimestampAuthority {
  const { rootKey, key } = files;
  const root = load(files, 'tsa-root', 'pratique timestamp root', rootKey, null, [
    signsCertificates(),
    authority(0),
  ]);
  const issuer = { certificate: root, key: rootKey };
  const leaf = load(files, 'tsa', 'pratique timestamp authority', key, issuer, [
    signsData(),
    extendedKeyUsage(oids.timeStamping, true),
  ]);
  return { key, leaf, root };
}

function load(
  { directory, generation, now }: AuthorityFiles,
  file: string,
  name: string,
  key: SigningKey,
  issuer: AuthorityCertificate['issuer'],
  extensions: readonly Uint8Array[],
): Certificate {
  const path = join(directory, `${generationName(file, generation)}.crt.pem`);
  // Other generations have other keys: with their names alone they could not be told apart.
  return loadCertificate({ path, name: generationLabel(name, generation), key, issuer, extensions, now });
}

function generationLabel(name: string, generation: number): string {
  return generation === 1 ? name : `${name} ${generation}`;
}
