import type { DemoCase } from './case.ts';

export const keylessImages = {
  dev: 'keyless/dev:0.1',
  prod: 'keyless/prod:0.1',
  mallory: 'keyless/mallory:0.1',
  issuer: 'keyless/issuer:0.1',
  unanchored: 'keyless/unanchored:0.1',
  otherLog: 'keyless/other-log:0.1',
  expired: 'keyless/expired:0.1',
  attested: 'keyless/attested:0.1',
  scanned: 'keyless/sbom/own:0.1',
  borrowed: 'keyless/sbom/borrowed:0.1',
} as const;

const denied = { expected: 'denied', object: 'Pod', gate: 'keyless' } as const;
const allowed = { expected: 'allowed', object: 'Pod', gate: 'keyless', code: null } as const;

/** The tutorial with identities instead of keys, and how somebody might try to get around it. */
export const keylessCases: readonly DemoCase[] = [
  { case: 10, title: 'Alice signed for dev', image: keylessImages.dev, ...allowed },
  {
    case: 11,
    title: 'same digest, Bob signed for prod',
    image: keylessImages.prod,
    ...denied,
    code: 'ENVIRONMENT_MISMATCH',
    without: ['IDENTITY_MISMATCH', 'SIGNATURE_MISSING'],
  },
  {
    case: 12,
    title: 'wrong identity: Mallory signed',
    image: keylessImages.mallory,
    ...denied,
    code: 'IDENTITY_MISMATCH',
  },
  {
    case: 13,
    title: 'wrong issuer: another one’s Alice',
    image: keylessImages.issuer,
    ...denied,
    code: 'IDENTITY_MISMATCH',
  },
  {
    case: 14,
    title: 'name that only begins like Alice’s',
    image: keylessImages.unanchored,
    ...denied,
    code: 'IDENTITY_MISMATCH',
  },
  {
    case: 15,
    title: 'logged in another log',
    image: keylessImages.otherLog,
    ...denied,
    code: 'LOG_NOT_TRUSTED',
  },
  {
    case: 16,
    title: 'certificate expired, no timestamp',
    image: keylessImages.expired,
    ...denied,
    code: 'CERTIFICATE_PATH_INVALID',
  },
  {
    case: 17,
    title: 'attested by Alice, not signed',
    image: keylessImages.attested,
    ...denied,
    code: 'SIGNATURE_MISSING',
  },
  { case: 18, title: 'signed, SBOM by Bob', image: keylessImages.scanned, ...allowed },
  {
    case: 19,
    title: 'signed, SBOM of another image',
    image: keylessImages.borrowed,
    ...denied,
    // Signed it is; what Bob attested is about another image.
    code: 'ATTESTATION_MISSING',
    without: ['SIGNATURE_MISSING', 'IDENTITY_MISMATCH'],
  },
];
