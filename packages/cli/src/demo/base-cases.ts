import type { DemoCase } from './case.ts';

export const baseImages = {
  /** The public image where apt repositories can be reached; else it is the guestbook's. */
  debian: 'public/debian:0.1',
  /** The public image, hardened. */
  secure: 'base/secure:0.1',
  onSecure: 'on-base/secure:0.1',
  onPublic: 'on-base/public:0.1',
} as const;

/** What developers build: signed all of it, and only on our base image allowed. */
export const baseCases: readonly DemoCase[] = [
  {
    case: 20,
    title: 'built on the hardened base',
    image: baseImages.onSecure,
    expected: 'allowed',
    code: null,
    object: 'Pod',
    gate: 'bases',
  },
  {
    case: 21,
    title: 'built on the public image',
    image: baseImages.onPublic,
    expected: 'denied',
    code: 'BASE_NOT_APPROVED',
    without: ['SIGNATURE_MISSING', 'SIGNER_UNTRUSTED'],
    object: 'Pod',
    gate: 'bases',
  },
];
