import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  certificateExtension,
  certificateExtensions,
  derWriter,
  distinguishedName,
  generateSigningKey,
  issueCertificate,
  newSerialNumber,
  oids,
  parseCertificate,
  parsePem,
  parseSigningKey,
  type SigningKey,
} from '@pratique/crypto';
import type { Descriptor, Repository } from '@pratique/oci';
import {
  attachBundle,
  formatBundle,
  formatStatement,
  signedBytes,
  signPredicateType,
} from '@pratique/sigstore';
import { witness } from '@pratique/sigstore-client';
import type { DemoSigstore } from './sigstore.ts';

const minute = 60_000;

/**
 * Stores a signature by a certificate that expired an hour ago, logged now and stamped by nobody: what somebody could do
 * with a key that was not forgotten. `pratique sign` would not; so it is put together by hand.
 */
export async function attachExpired(
  sigstore: DemoSigstore,
  email: string,
  repository: Repository,
  subject: Descriptor,
  signal: AbortSignal,
): Promise<void> {
  const key = generateSigningKey();
  const [leaf, authority] = expiredCertificate(sigstore, email, key);
  const content = {
    form: 'envelope',
    payloadType: 'application/vnd.in-toto+json',
    payload: formatStatement({
      type: 'https://in-toto.io/Statement/v1',
      digest: subject.digest,
      annotations: { env: 'dev' },
      predicateType: signPredicateType,
      predicate: {},
    }),
  } as const;
  const signature = key.sign(signedBytes(content));
  const certificate = { leaf, issuers: [authority] };
  const signed = { content, signature, key: key.publicKey, certificate };
  const witnesses = { logs: [{ url: sigstore.server.url, version: 1 }], timestampAuthorities: [] } as const;
  const testimony = await witness(sigstore.services, witnesses, signed, signature, signal);
  const bundle = formatBundle({ ...signed, ...testimony, trust: { keys: [], logs: [] } });
  await attachBundle(repository, subject, bundle, signPredicateType, new Date(), { signal });
}

/** The certificate, dated back with the authority's own key, and the authority's. */
function expiredCertificate(
  { server, directory }: DemoSigstore,
  email: string,
  { publicKey }: SigningKey,
): [Uint8Array, Uint8Array] {
  const authority = readCertificate(join(directory, 'certificates', 'fulcio.crt.pem'));
  const authorityKey = parseSigningKey(readFileSync(join(directory, 'keys', 'fulcio.pem'), 'utf8'));
  const x = certificateExtensions;
  const template = {
    issuer: authority.subject,
    subject: distinguishedName(),
    publicKey,
    validFrom: new Date(Date.now() - 70 * minute),
    validUntil: new Date(Date.now() - 60 * minute),
    serialNumber: newSerialNumber(),
    extensions: [
      x.signsData(),
      x.extendedKeyUsage(oids.codeSigning),
      x.authorityKeyIdentifier(authority.publicKey),
      x.subjectAltName({ type: 'email', value: email }),
      certificateExtension('1.3.6.1.4.1.57264.1.8', derWriter.utf8String(server.issuer)),
    ],
  };
  return [issueCertificate(template, authorityKey), authority.der];
}

function readCertificate(path: string) {
  return parseCertificate(parsePem(readFileSync(path, 'utf8'), 'the certificate')[0].bytes);
}
