import { parseCertificate, parsePem, subjectAltNames } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { sigstoreErrors } from '../errors.ts';
import { annotationNames } from '../media-types.ts';

/**
 * A certificate says that an identity signed. With keys alone there is no way to know whether that is so: refused,
 * even when a trusted key would verify the signature, because the signer meant to be known by the certificate.
 */
export function certificateNotTrusted(der: () => Uint8Array) {
  return sigstoreErrors.error('CERTIFICATE_NOT_TRUSTED', {
    message: 'the signature is by a certificate, and only keys are trusted',
    expected: 'a signature by a trusted key',
    found: `a certificate ${describeCertificate(der)}`,
  });
}

/** Throws CERTIFICATE_NOT_TRUSTED when Cosign's layer annotations carry a certificate. */
export function refuseCertificate(annotations: Readonly<Record<string, string>>): void {
  const pem = annotations[annotationNames.certificate];
  if (pem === undefined || pem === '') return;
  throw certificateNotTrusted(() => parsePem(pem, 'the certificate')[0].bytes);
}

/** Whom the certificate claims to be for, so that people know which signature is meant. */
function describeCertificate(der: () => Uint8Array): string {
  try {
    const names = subjectAltNames(parseCertificate(der())).map((name) => name.value);
    return `for ${printable(names.join(', '))} (by its own account)`;
  } catch {
    return 'that cannot be read';
  }
}
