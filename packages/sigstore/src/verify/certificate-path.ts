import { type Certificate, oids, verifyPath } from '@pratique/crypto';
import { sigstoreErrors } from '../errors.ts';
import { type CertificateAuthority, describeWindow, isWithin } from '../trust/trust.ts';

/**
 * The path from the signing certificate to a trusted authority, for every moment at which the signature is proven to
 * have existed: each certificate must be valid at each of them, and the authority trusted. Authorities and their
 * intermediates come from the trusted root; `more` may stand between, and are never believed by themselves.
 *
 * @returns the certificate that issued the leaf
 * @throws CERTIFICATE_PATH_INVALID
 */
export function checkCertificatePath(
  leaf: Certificate,
  times: readonly Date[],
  authorities: readonly CertificateAuthority[],
  more: readonly Certificate[] = [],
): Certificate {
  const issuers = times.map((time) => findIssuer(leaf, time, authorities, more));
  const [issuer] = issuers;
  if (issuer === undefined) throw invalid('no moment is known at which it was used');
  return issuer;
}

function findIssuer(
  leaf: Certificate,
  time: Date,
  authorities: readonly CertificateAuthority[],
  more: readonly Certificate[],
): Certificate {
  let problem = 'no certificate authority is trusted';
  for (const authority of authorities) {
    if (!isWithin(time, authority)) {
      problem = `its authority is trusted ${describeWindow(authority)}, not at ${time.toISOString()}`;
      continue;
    }
    const { anchors } = authority;
    const intermediates = [...authority.intermediates, ...more];
    const result = verifyPath(leaf, { anchors, intermediates, time, purpose: oids.codeSigning });
    if (result.ok) return result.path[1];
    problem = result.problem;
  }
  throw invalid(problem);
}

function invalid(problem: string) {
  return sigstoreErrors.error('CERTIFICATE_PATH_INVALID', {
    message: `the signing certificate cannot be used: ${problem}`,
  });
}
