import type { Digest } from '@pratique/oci';

/** `image` policies see `input.image` alone; `request` policies see `input.request` and `input.images`. */
export type Scope = 'image' | 'request';

/** One thing a policy said. */
export interface Finding {
  /** The policy's package: `pratique.image.signed`. */
  readonly policy: string;
  readonly code: string;
  /** The policy broke instead of answering. */
  readonly fault: boolean;
  readonly message: string;
  readonly expected: string | null;
  readonly found: string | null;
  readonly remedy: string | null;
  /** The image it is about, as written in the request, where it is one. */
  readonly image: string | null;
  /** Where that stands, for what is found out before any image is: `initContainers[0] "setup"`. */
  readonly container?: string | null;
}

/** What the policies of one scope said, all of them together. */
export interface Findings {
  readonly deny: readonly Finding[];
  readonly warn: readonly Finding[];
}

/**
 * Whoever evaluates policies. A policy that breaks is a finding with `fault: true` in `deny`, and does not hide what
 * the others say; a rejected promise stands for an engine that gave no answer at all.
 */
export interface PolicyEngine {
  /** Of the policies and everything they read besides the input: the same answers, the same digest. */
  readonly digest: Digest;
  evaluate(scope: Scope, input: object): Findings | Promise<Findings>;
}
