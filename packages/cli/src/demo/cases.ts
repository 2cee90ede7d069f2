/** One line of the demo's table. The order, the numbers and what is expected of each are those of the documentation. */
export interface DemoCase {
  readonly case: number;
  readonly title: string;
  /** Repository below the demo's registry, with tag. */
  readonly image: string;
  readonly expected: 'allowed' | 'denied';
  /** The code that must be among those of the answer: of the denial, or of the warning where it is let through. */
  readonly code: string | null;
  /** Codes that must not be there: a right answer for a wrong reason is wrong. */
  readonly without?: readonly string[];
  /** Kind of object that is sent. */
  readonly object: 'Pod' | 'Deployment';
  /** The image of the Deployment's init container. */
  readonly initImage?: string;
  /** Sent to the webhook in warn mode. */
  readonly warn?: true;
  /** The image is on the registry that has stopped. */
  readonly stopped?: true;
  /** What the answer's text must name. */
  readonly names?: string;
}

export const images = {
  public: 'public/guestbook:0.1',
  dev: 'guestbook-dev:0.1',
  prod: 'guestbook-prod:0.1',
  stranger: 'guestbook-stranger:0.1',
  moved: 'guestbook-moved:0.1',
  copied: 'guestbook-copied:0.1',
} as const;

export const cases: readonly DemoCase[] = [
  { case: 1, title: 'signed for dev', image: images.dev, expected: 'allowed', code: null, object: 'Pod' },
  {
    case: 2,
    title: 'the public image, unsigned',
    image: images.public,
    expected: 'denied',
    code: 'SIGNATURE_MISSING',
    object: 'Pod',
  },
  {
    case: 3,
    title: 'same digest, signed for prod',
    image: images.prod,
    expected: 'denied',
    code: 'ENVIRONMENT_MISMATCH',
    without: ['DIGEST_NOT_APPROVED', 'SIGNATURE_MISSING', 'SIGNER_UNTRUSTED'],
    object: 'Pod',
  },
  {
    case: 4,
    title: 'signed by a key nobody trusts',
    image: images.stranger,
    expected: 'denied',
    code: 'SIGNER_UNTRUSTED',
    object: 'Pod',
  },
  {
    case: 5,
    title: 'the tag moved after signing',
    image: images.moved,
    expected: 'denied',
    code: 'SIGNATURE_MISSING',
    object: 'Pod',
  },
  {
    case: 6,
    title: 'signature copied from another image',
    image: images.copied,
    expected: 'denied',
    code: 'SUBJECT_MISMATCH',
    object: 'Pod',
  },
  {
    case: 7,
    title: 'the registry stopped answering',
    image: images.dev,
    expected: 'denied',
    code: 'OCI_UNREACHABLE',
    without: ['SIGNATURE_MISSING'],
    object: 'Pod',
    stopped: true,
  },
  {
    case: 8,
    title: 'Deployment, init container unsigned',
    image: images.dev,
    initImage: images.public,
    expected: 'denied',
    code: 'SIGNATURE_MISSING',
    object: 'Deployment',
    names: 'initContainers[0] "setup"',
  },
  {
    case: 9,
    title: 'case 2 in warn mode',
    image: images.public,
    expected: 'allowed',
    code: 'SIGNATURE_MISSING',
    object: 'Pod',
    warn: true,
  },
];
