import type { Findings } from '../engine/types.ts';
import type { ImageFacts } from '../types.ts';

/** What was found out about one image: its facts, and what the image policies said of them. */
export interface ImageVerdict {
  readonly facts: ImageFacts;
  readonly findings: Findings;
  /** About what the facts take in memory: attestations can be megabytes, and so can configurations. */
  readonly bytes: number;
}

export interface DecisionCacheOptions {
  /** Verdicts kept, the least recently used one dropped first. Default 4096. */
  readonly maxEntries?: number;
  /** About how many bytes of evidence are kept in all. Default 256 MiB. */
  readonly maxBytes?: number;
  /** How long an image that is allowed stays so without being looked at again: evidence can be revoked. Default 300 000. */
  readonly allowedTtlMs?: number;
  /** How long a refusal is repeated: shorter, since a missing signature may be added any moment. Default 10 000. */
  readonly deniedTtlMs?: number;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}

/**
 * What a verdict depends on, all of it. The name stands beside the digest because the same content pushed to two
 * repositories has two sets of signatures, and the tag because policies see it.
 */
export interface VerdictKey {
  /** `registry/repository[:tag]@digest` */
  readonly reference: string;
  /** What is asked of it, as JSON: the same image may be asked for more in one object than in another. */
  readonly requirements: string;
  readonly policyDigest: string;
  readonly trustDigest: string;
}

interface Entry {
  readonly verdict: ImageVerdict;
  readonly expires: number;
}

/** Counters since the cache was made, for metrics. */
export interface CacheStats {
  readonly entries: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  /** Lookups that joined one already under way. */
  readonly joined: number;
}

/**
 * Verdicts by image, policies and trust. Bounded in number and time; what is under way for a key is shared, so that
 * a thousand Pods of one image ask the registry once. Faults are never kept. May be shared by gates with different
 * trust or policies, since both are part of the key.
 */
export class DecisionCache {
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Promise<ImageVerdict>>();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #allowedTtlMs: number;
  readonly #deniedTtlMs: number;
  readonly #clock: () => number;
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #joined = 0;

  constructor(options: DecisionCacheOptions = {}) {
    this.#maxEntries = options.maxEntries ?? 4096;
    this.#maxBytes = options.maxBytes ?? 256 * 1024 * 1024;
    this.#allowedTtlMs = options.allowedTtlMs ?? 300_000;
    this.#deniedTtlMs = options.deniedTtlMs ?? 10_000;
    this.#clock = options.clock ?? Date.now;
  }

  /** The verdict kept for `key`, if it is not too old. */
  get(key: VerdictKey): ImageVerdict | undefined {
    const text = keyText(key);
    const entry = this.#entries.get(text);
    if (entry === undefined) return undefined;
    if (entry.expires <= this.#clock()) {
      this.#drop(text);
      return undefined;
    }
    this.#entries.delete(text);
    this.#entries.set(text, entry);
    this.#hits++;
    return entry.verdict;
  }

  /** The verdict for `key`: kept, or under way, or found out by `compute`, whose faults reach everybody who waits. */
  async getOrCompute(key: VerdictKey, compute: () => Promise<ImageVerdict>): Promise<ImageVerdict> {
    const kept = this.get(key);
    if (kept !== undefined) return kept;
    const text = keyText(key);
    const flight = this.#flights.get(text);
    if (flight !== undefined) {
      this.#joined++;
      return flight;
    }
    this.#misses++;
    const started = compute()
      .then((verdict) => {
        this.#keep(text, verdict);
        return verdict;
      })
      .finally(() => this.#flights.delete(text));
    this.#flights.set(text, started);
    return started;
  }

  get stats(): CacheStats {
    return {
      entries: this.#entries.size,
      bytes: this.#bytes,
      hits: this.#hits,
      misses: this.#misses,
      joined: this.#joined,
    };
  }

  #keep(text: string, verdict: ImageVerdict): void {
    const { deny, warn } = verdict.findings;
    if (deny.some(({ fault }) => fault) || warn.some(({ fault }) => fault)) return;
    const ttl = deny.length === 0 ? this.#allowedTtlMs : this.#deniedTtlMs;
    if (ttl <= 0 || this.#maxEntries <= 0 || verdict.bytes > this.#maxBytes) return;
    this.#drop(text);
    this.#entries.set(text, { verdict, expires: this.#clock() + ttl });
    this.#bytes += verdict.bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(text: string): void {
    const entry = this.#entries.get(text);
    if (entry === undefined) return;
    this.#entries.delete(text);
    this.#bytes -= entry.verdict.bytes;
  }
}

/** None of the parts can hold a line feed: digests and references have grammars without it, and JSON escapes it. */
function keyText({ reference, requirements, policyDigest, trustDigest }: VerdictKey): string {
  return `${reference}\n${requirements}\n${policyDigest}\n${trustDigest}`;
}
