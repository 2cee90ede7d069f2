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
  /** The webhook it is sent to: for keys where absent, for keys in warn mode, for identities, or for base images. */
  readonly gate?: 'warn' | 'keyless' | 'bases';
  /** The image is on the registry that has stopped. */
  readonly stopped?: true;
  /** What the answer's text must name. */
  readonly names?: string;
}
