import {
  basicConstraints,
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

/** What a signature says about its certificate. */
export interface CertificateMaterial {
  readonly certificates: () => CertificateChain;
  /** The certificates behind the first may stand between it and a trusted authority. Default: they are of no use. */
  readonly issuersLead?: boolean;
}

/** The certificate of a signature, and what may stand between it and a trusted authority. */
export interface SigningCertificate {
  readonly certificate: Certificate;
  readonly issuers: readonly Certificate[];
}

/**
 * The certificate of a signature, read, and its key found to verify it. Nothing says yet whose certificate it is.
 *
 * Where no identity is trusted it is refused, even when a trusted key would verify the signature, because the signer
 * meant to be known by the certificate.
 *
 * @param given the certificate that it must be, where one is asked for; null material: the signature carries none
 * @throws CERTIFICATE_NOT_TRUSTED, CERTIFICATE_MISMATCH, BUNDLE_INVALID, SIGNATURE_INVALID, CERTIFICATE_INVALID, KEY_UNSUPPORTED
 */
export function readSigningCertificate(
  material: CertificateMaterial | null,
  given: Certificate | undefined,
  verify: (certificate: Certificate) => SignatureScheme | null,
  trust: Trust,
  list: CheckList,
): SigningCertificate {
  const chain = material?.certificates ?? (() => [given!.der] as const);
  if ((trust.identities ?? []).length === 0) throw certificateNotTrusted(chain);
  const read = list.run(
    'certificate',
    () => readChain(chain(), material?.issuersLead ?? false, given),
    ({ certificate: { serialNumber } }) => `serial number ${serialNumber}`,
  );
  const { certificate } = read;
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
  return read;
}

function readChain(
  [der, ...others]: CertificateChain,
  issuersLead: boolean,
  given: Certificate | undefined,
): SigningCertificate {
  const certificates = others.map(parseCertificate);
  for (const other of certificates) refuseRoot(other);
  const certificate = parseCertificate(der);
  if (given !== undefined && !equalBytes(der, given.der)) {
    throw sigstoreErrors.error('CERTIFICATE_MISMATCH', {
      message: 'the signature carries another certificate than the one that was given',
      expected: `serial number ${given.serialNumber}`,
      found: `serial number ${certificate.serialNumber}`,
    });
  }
  if (!issuersLead) return { certificate, issuers: [] };
  for (const other of certificates) {
    if (basicConstraints(other).ca) continue;
    throw sigstoreErrors.error('BUNDLE_INVALID', {
      message: 'not a usable bundle: its certificate chain contains a certificate of no authority',
    });
  }
  return { certificate, issuers: certificates };
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
