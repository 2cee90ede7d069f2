/** Who verifies: us, node:crypto the bare signatures only, or `@sigstore/verify`. */
export type Contender = 'ours' | 'limit' | 'sigstore-js';

/** What a worker verifies again and again. */
export interface Subject {
  readonly bundle: string;
  readonly artifact: Uint8Array;
  readonly trustedRoot: string;
  readonly subject: string;
  readonly issuer: string;
  /** Whether the time of a timestamp authority must be proven too. */
  readonly timestamps: boolean;
  /** Directory whose node_modules has sigstore-js. */
  readonly sigstoreJs: string;
}

export interface Order {
  readonly contender: Contender;
  readonly milliseconds: number;
}

export interface Count {
  readonly perSecond: number;
  /** Signatures one verification checks, by key. */
  readonly signatures: readonly string[];
}
