import {
  type Certificate,
  equalBytes,
  parseCertificate,
  parsePem,
  type SignatureScheme,
  subjectAltNames,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { sigstoreErrors } from '../errors.ts';
import type { Trust } from '../trust/trust.ts';
import type { CheckList } from './check-list.ts';

/** DER, the signer's certificate first. */
export type CertificateChain = readonly [Uint8Array, ...Uint8Array[]];

/**
 * The certificate of a signature, read, and its key found to verify it. Nothing says yet whose certificate it is.
 *
 * Where no identity is trusted it is refused, even when a trusted key would verify the signature, because the signer
 * meant to be known by the certificate.
 *
 * @throws CERTIFICATE_NOT_TRUSTED, BUNDLE_INVALID, SIGNATURE_INVALID, CERTIFICATE_INVALID, KEY_UNSUPPORTED
 */
export function readSigningCertificate(
  chain: () => CertificateChain,
  verify: (certificate: Certificate) => SignatureScheme | null,
  trust: Trust,
  list: CheckList,
): Certificate {
  if ((trust.identities ?? []).length === 0) throw certificateNotTrusted(chain);
  const certificate = list.run(
    'certificate',
    () => {
      const [der, ...others] = chain();
      for (const other of others) refuseRoot(parseCertificate(other));
      return parseCertificate(der);
    },
    ({ serialNumber }) => `serial number ${serialNumber}`,
  );
  list.run(
    'signature',
    () => {
      const scheme = verify(certificate);
      if (scheme !== null) return scheme;
      throw sigstoreErrors.error('SIGNATURE_INVALID', {
        message: 'the key of the signature’s certificate does not verify it',
        expected: `a signature by ${certificate.publicKey.fingerprint}`,
        found: 'a signature that does not verify',
      });
    },
    (scheme) => `${scheme} by the certificate’s key`,
  );
  return certificate;
}

/** Roots come from the trusted root; a bundle that brings its own is malformed (client specification §5). */
function refuseRoot(certificate: Certificate): void {
  if (!equalBytes(certificate.issuer, certificate.subject)) return;
  throw sigstoreErrors.error('BUNDLE_INVALID', {
    message: 'not a usable bundle: its certificate chain contains a root',
  });
}

function certificateNotTrusted(chain: () => CertificateChain) {
  return sigstoreErrors.error('CERTIFICATE_NOT_TRUSTED', {
    message: 'the signature is by a certificate, and only keys are trusted',
    expected: 'a signature by a trusted key',
    found: `a certificate ${describeCertificate(chain)}`,
  });
}

/** The certificate in Cosign's layer annotations. Its chain is not used: authorities come from the trusted root. */
export function annotatedCertificate(pem: string): CertificateChain {
  const [block, ...more] = parsePem(pem, 'the certificate');
  if (more.length > 0 || block.label !== 'CERTIFICATE') {
    throw sigstoreErrors.error('SIGNATURE_MALFORMED', {
      message: 'the certificate annotation must hold exactly one certificate',
      expected: 'CERTIFICATE',
      found: more.length > 0 ? `${more.length + 1} PEM blocks` : printable(block.label),
    });
  }
  return [block.bytes];
}

/** Whom the certificate claims to be for, so that people know which signature is meant. */
function describeCertificate(chain: () => CertificateChain): string {
  try {
    const names = subjectAltNames(parseCertificate(chain()[0])).map((name) => name.value);
    return `for ${printable(names.join(', '))} (by its own account)`;
  } catch {
    return 'that cannot be read';
  }
}
