/** Bounds on what one image's evidence may cost. Attackers who can push can attach; they must not be able to exhaust. */
export interface EvidenceLimits {
  /** Signatures and attestations, over all places they are kept in. Cosign reads 1000 layers. */
  readonly maxItems: number;
  /** Bytes of one payload, envelope or bundle; larger ones are skipped. */
  readonly maxItemBytes: number;
  /** Bytes of all of them together. */
  readonly maxTotalBytes: number;
}

export const defaultEvidenceLimits: EvidenceLimits = {
  maxItems: 1000,
  maxItemBytes: 32 * 1024 * 1024,
  maxTotalBytes: 256 * 1024 * 1024,
};

/** Bounds inside one bundle or statement, as sigstore-go has them (`internal/limits`). */
export const contentLimits = {
  logEntries: 32,
  timestamps: 32,
  subjects: 1024,
  subjectDigests: 32,
  certificates: 10,
} as const;
