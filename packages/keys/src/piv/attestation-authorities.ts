import { basicConstraints, type Certificate, equalBytes, isSignedBy, keyUsage } from '@pratique/crypto';

/** Who is believed about tokens. */
export interface Authorities {
  readonly roots: readonly Certificate[];
  /** Prove nothing by themselves. */
  readonly intermediates: readonly Certificate[];
}

/** Longest chain of intermediates that Yubico has is of two. */
const maxIntermediates = 4;

/**
 * Whether a token's certificate was issued by a root, directly or over intermediates that may issue certificates
 * (RFC 5280 §6.1). The certificate itself need not be an authority's: in tokens of 2017 and 2018 it does not say that it
 * is one, and their root allows none below it. Extended key usages, which Yubico does not write, are not looked at. Pure.
 */
export function isIssuedBy(
  certificate: Certificate,
  { roots, intermediates }: Authorities,
  now: Date,
  below = 0,
): boolean {
  if (!isValid(certificate, now)) return false;
  const issued = (issuer: Certificate) =>
    equalBytes(issuer.subject, certificate.issuer) && isSignedBy(certificate, issuer);
  if (roots.some((root) => isValid(root, now) && allows(root, below) && issued(root))) return true;
  if (below === maxIntermediates) return false;
  return intermediates.some(
    (one) =>
      isAuthority(one) &&
      allows(one, below) &&
      issued(one) &&
      isIssuedBy(one, { roots, intermediates }, now, below + 1),
  );
}

function isValid({ validFrom, validUntil }: Certificate, now: Date): boolean {
  return validFrom <= now && now <= validUntil;
}

function isAuthority(certificate: Certificate): boolean {
  const usages = keyUsage(certificate);
  return basicConstraints(certificate).ca && (usages === null || usages.includes('keyCertSign'));
}

/** Whether so many authorities may stand below. */
function allows(issuer: Certificate, below: number): boolean {
  const { pathLength } = basicConstraints(issuer);
  return pathLength === null || below <= pathLength;
}
