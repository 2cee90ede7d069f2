import type { FlagSpecs } from '../program/spec.ts';
import { needlessFlag } from './refused.ts';

/** Of every command that finds what is attached to images by its tag. */
export const tagFlags = {
  'attachment-tag-prefix': {
    kind: 'string',
    placeholder: 'PREFIX',
    default: '',
    summary: 'Put before the tags of what is attached to an image: [PREFIX]sha256-….sig, .att and .sbom',
  },
} as const satisfies FlagSpecs;

/** `--registry-referrers-mode` of what is stored. */
export const referrersMode = {
  'registry-referrers-mode': {
    kind: 'string',
    choices: ['legacy', 'oci-1-1'],
    summary: 'oci-1-1: as a referrer, and not in a tag. Bundles are referrers in any case',
  },
} as const satisfies FlagSpecs;

/** Of every command that signs, in cosign 2. */
export const olderSigningFlags = {
  'insecure-skip-verify': {
    kind: 'boolean',
    summary:
      'Take a certificate that no certificate log promised to hold; verifying needs --insecure-ignore-sct then',
  },
  'issue-certificate': {
    kind: 'boolean',
    summary: 'With --key: sign as an identity all the same, with a certificate for this key',
  },
} as const satisfies FlagSpecs;

/** Of every command that verifies, in cosign 2 and 3. */
export const olderSignerFlags = {
  'rekor-url': {
    kind: 'string',
    placeholder: 'URL',
    summary:
      'Ask this log (Rekor v1) for the entry of a signature that does not carry one; what it answers is verified as ever',
  },
  'signature-digest-algorithm': {
    kind: 'string',
    choices: ['sha256', 'sha384', 'sha512'],
    summary: 'The hash that --key signs with, and no other (default: the one of its kind of key)',
  },
  'allow-certificate-chain': {
    kind: 'boolean',
    summary:
      'Read bundles of version 0.3 with the issuers of their certificate in them, which are never believed by themselves',
  },
  sct: {
    kind: 'string',
    placeholder: 'FILE',
    summary:
      'A promise of a certificate log about the certificate, beside or in place of one inside: RFC 6962, JSON',
  },
} as const satisfies FlagSpecs;

/** Of the commands that verify images. */
export const olderImageSignerFlags = {
  ...olderSignerFlags,
  ...tagFlags,
  certificate: {
    kind: 'string',
    placeholder: 'FILE|URL',
    summary:
      'The certificate of the signatures, PEM, where they do not carry it; identity and issuers are checked as ever',
  },
} as const satisfies FlagSpecs;

/** Of `verify` and its relatives: signatures of something else than the image, or from files. */
export const olderVerifyFlags = {
  ...olderImageSignerFlags,
  attachment: {
    kind: 'string',
    placeholder: 'sbom',
    choices: ['sbom'],
    summary: 'Verify the SBOM under the image’s SBOM tag, and not the image',
  },
  payload: {
    kind: 'string',
    placeholder: 'FILE|URL',
    summary: 'What --signature is over; absent: what cosign signs without annotations',
  },
  signature: {
    kind: 'string',
    placeholder: 'FILE|BASE64|URL',
    summary: 'Verify this signature, and not what is attached to the image',
  },
} as const satisfies FlagSpecs;

/** Of the commands that verify files: what they share with those for images. */
export const olderBlobFlags = {
  ...olderSignerFlags,
  'max-workers': needlessFlag('integer', 'There is one signature'),
  'experimental-oci11': needlessFlag('boolean', 'There is no registry'),
} as const satisfies FlagSpecs;
