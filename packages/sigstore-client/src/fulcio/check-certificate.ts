import { type Certificate, equalBytes, type PublicKey, parseCertificate } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import {
  checkCertificateLogs,
  checkCertificatePath,
  exactly,
  readSigner,
  type TrustedIdentity,
  type TrustedRoot,
} from '@pratique/sigstore';
import { sigstoreClientErrors } from '../errors.ts';

/**
 * Checks a certificate before anything is signed with it: it is for our key, a trusted authority issued it and it is
 * valid now, a trusted certificate log promised to hold it, and it names an identity. Nobody would believe a
 * signature by one that fails here, and an entry in a public log cannot be taken back.
 *
 * @returns exactly the identity it is for
 * @throws CERTIFICATE_UNUSABLE
 */
export function checkCertificate(
  der: Uint8Array,
  key: PublicKey,
  root: TrustedRoot,
  certificateLogs: number,
  now: Date,
): TrustedIdentity {
  try {
    const certificate = parseCertificate(der);
    if (!equalBytes(certificate.publicKey.spki, key.spki)) throw unusable('it is for another key');
    const issuer = checkCertificatePath(certificate, [now], root.authorities);
    checkCertificateLogs(certificate, issuer, root.certificateLogs, certificateLogs);
    return identityOf(certificate);
  } catch (error) {
    if (!(error instanceof PratiqueError) || error.code === 'CERTIFICATE_UNUSABLE') throw error;
    throw unusable(`${error.code} ${error.message}`, error);
  }
}

function identityOf(certificate: Certificate): TrustedIdentity {
  const { subjects, issuer } = readSigner(certificate);
  const [subject] = subjects;
  if (subject === undefined || issuer === null) throw unusable('it names no identity and issuer');
  return { name: subject, subject: exactly(subject), issuer: exactly(issuer) };
}

function unusable(problem: string, cause?: unknown): PratiqueError {
  return sigstoreClientErrors.error('CERTIFICATE_UNUSABLE', {
    message: `the certificate cannot be signed with: ${problem}`,
    cause,
  });
}
