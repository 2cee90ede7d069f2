/** Addresses that are remembered at one time. */
const maxAddresses = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket an address: `perSecond` requests in the long run, twice as many at once. */
export class RateLimiter {
  readonly #perSecond: number;
  readonly #now: () => number;
  /** The one that was asked about longest ago comes first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Seconds until the next request of this address is taken; 0 takes this one. */
  take(address: string): number {
    const now = this.#now();
    const most = 2 * this.#perSecond;
    const bucket = this.#buckets.get(address) ?? { tokens: most, at: now };
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.at) / 1000) * this.#perSecond);
    bucket.at = now;
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size > maxAddresses) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#perSecond;
    bucket.tokens -= 1;
    return 0;
  }
}
