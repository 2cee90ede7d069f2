/** Bounds on what one image's signatures may cost: whoever can push can attach. notation has the same. */
export interface NotationLimits {
  /** Signatures of one image. */
  readonly maxSignatures: number;
  /** Bytes of one envelope; larger ones are refused. */
  readonly maxEnvelopeBytes: number;
  /** Bytes of all of them together. */
  readonly maxTotalBytes: number;
}

export const defaultNotationLimits: NotationLimits = {
  maxSignatures: 100,
  maxEnvelopeBytes: 4 * 1024 * 1024,
  maxTotalBytes: 64 * 1024 * 1024,
};

/** Inside one envelope. */
export const envelopeLimits = {
  certificates: 10,
  cborDepth: 8,
  cborValues: 4096,
  jsonValues: 4096,
} as const;
