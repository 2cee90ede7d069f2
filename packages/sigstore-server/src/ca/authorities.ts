import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Certificate,
  certificateExtensions,
  distinguishedName,
  equalBytes,
  formatPem,
  isSignedBy,
  issueCertificateWith,
  newSerialNumber,
  oids,
  parseCertificate,
  parsePem,
  type Signer,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { replaceFile } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import { generationName } from '../store/keys.ts';

const organization = 'pratique';
const tenYears = 3650 * 86_400_000;

interface AuthorityCertificate {
  readonly path: string;
  readonly name: string;
  readonly key: Signer;
  /** Null: signs itself. */
  readonly issuer: { readonly certificate: Certificate; readonly key: Signer } | null;
  readonly extensions: readonly Uint8Array[];
  readonly now: Date;
}

/**
 * The certificate at `path`, which is made the first time and good for ten years. It is for the key it was made for, and by
 * the root beside it: with others it would sign what nobody can verify.
 *
 * @throws SIGSTORE_SERVER_DAMAGED, and what signers throw
 */
async function loadCertificate(wanted: AuthorityCertificate): Promise<Certificate> {
  const { path, key, issuer } = wanted;
  if (!existsSync(path)) replaceFile(path, formatPem('CERTIFICATE', await makeCertificate(wanted)));
  const certificate = parseCertificate(parsePem(readFileSync(path, 'utf8'), path)[0].bytes);
  if (!equalBytes(certificate.publicKey.spki, key.publicKey.spki))
    throw damaged(path, 'it is for another key than the one in the directory');
  if (issuer !== null && !isSignedBy(certificate, issuer.certificate))
    throw damaged(path, 'it is not by the root beside it');
  return certificate;
}

async function makeCertificate(wanted: AuthorityCertificate): Promise<Uint8Array> {
  const { name, key, issuer, extensions, now } = wanted;
  const subject = distinguishedName(organization, name);
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
  return await issueCertificateWith(template, issuer?.key ?? key);
}

function damaged(path: string, problem: string) {
  return sigstoreServerErrors.error('SIGSTORE_SERVER_DAMAGED', {
    message: `the certificate ${printable(path)} cannot be used: ${problem}`,
  });
}

/** Leaf first: the certificates below and up to a root. */
export interface FulcioAuthority {
  readonly key: Signer;
  readonly intermediate: Certificate;
  readonly root: Certificate;
}

export interface TimestampAuthority {
  readonly key: Signer;
  readonly leaf: Certificate;
  readonly root: Certificate;
}

/** Where an authority's certificates are, and what they certify. */
export interface AuthorityFiles {
  readonly directory: string;
  readonly generation: number;
  readonly rootKey: Signer;
  readonly key: Signer;
  readonly now: Date;
}

const { authority, signsCertificates, signsData, extendedKeyUsage } = certificateExtensions;

/** Fulcio's certificates (root and intermediate), made the first time. */
export async function loadFulcioAuthority(files: AuthorityFiles): Promise<FulcioAuthority> {
  const { rootKey, key } = files;
  const root = await load(files, 'fulcio-root', 'pratique fulcio root', rootKey, null, [
    signsCertificates(),
    authority(1),
  ]);
  const issuer = { certificate: root, key: rootKey };
  const intermediate = await load(files, 'fulcio', 'pratique fulcio intermediate', key, issuer, [
    signsCertificates(),
    extendedKeyUsage(oids.codeSigning),
    authority(0),
  ]);
  return { key, intermediate, root };
}

/** The timestamp authority's certificates (root and its own), made the first time. */
export async function loadTimestampAuthority(files: AuthorityFiles): Promise<TimestampAuthority> {
  const { rootKey, key } = files;
  const root = await load(files, 'tsa-root', 'pratique timestamp root', rootKey, null, [
    signsCertificates(),
    authority(0),
  ]);
  const issuer = { certificate: root, key: rootKey };
  const leaf = await load(files, 'tsa', 'pratique timestamp authority', key, issuer, [
    signsData(),
    extendedKeyUsage(oids.timeStamping, true),
  ]);
  return { key, leaf, root };
}

function load(
  { directory, generation, now }: AuthorityFiles,
  file: string,
  name: string,
  key: Signer,
  issuer: AuthorityCertificate['issuer'],
  extensions: readonly Uint8Array[],
): Promise<Certificate> {
  const path = join(directory, `${generationName(file, generation)}.crt.pem`);
  // Other generations have other keys: with their names alone they could not be told apart.
  return loadCertificate({ path, name: generationLabel(name, generation), key, issuer, extensions, now });
}

function generationLabel(name: string, generation: number): string {
  return generation === 1 ? name : `${name} ${generation}`;
}
