/** How long a registry may take. All of it is per exchange; a deadline over everything is the caller's `AbortSignal`. */
export interface HttpLimits {
  /** Milliseconds until a connection (DNS, TCP, TLS, proxy) stands. */
  readonly connectMs: number;
  /** Milliseconds without one byte moving, in either direction. */
  readonly inactivityMs: number;
  /** A response body slower than this over `rateWindowMs` of waiting is given up: one byte a second is not an answer. */
  readonly minBytesPerSecond: number;
  readonly rateWindowMs: number;
}

export const defaultLimits: HttpLimits = {
  connectMs: 10_000,
  inactivityMs: 30_000,
  minBytesPerSecond: 512,
  rateWindowMs: 20_000,
};

/** How often and when an idempotent request is tried again after a passing error or a broken connection. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** Bound of the first random delay in milliseconds; doubles with every try. */
  readonly baseDelayMs: number;
  /** No delay is longer; a `Retry-After` beyond it ends the tries at once. */
  readonly maxDelayMs: number;
  /**
   * Shortest wait before looking whether an entry written into the list of referrers of a registry without the
   * referrers API has stayed: as long as another writer on a busy machine may take between reading and writing.
   */
  readonly settleMs: number;
}

export const defaultRetry: RetryPolicy = { attempts: 4, baseDelayMs: 200, maxDelayMs: 15_000, settleMs: 100 };
