import type { Digest } from '@pratique/oci';
import { type ImageName, tagOf } from './lookup.ts';

const maxTags = 4096;

/**
 * What tags resolved to, for a short time. A gate has one only where its owner accepts that a tag which moved is
 * seen late by that time: the decision is then about the older digest, and the Pod is pinned to it.
 */
export class TagCache {
  readonly #entries = new Map<string, { readonly digest: Digest; readonly expires: number }>();
  readonly #ttlMs: number;
  readonly #clock: () => number;

  constructor(ttlMs: number, clock: () => number) {
    this.#ttlMs = ttlMs;
    this.#clock = clock;
  }

  get(image: ImageName): Digest | undefined {
    const entry = this.#entries.get(`${image.name}:${tagOf(image)}`);
    return entry !== undefined && entry.expires > this.#clock() ? entry.digest : undefined;
  }

  set(image: ImageName, digest: Digest): void {
    const key = `${image.name}:${tagOf(image)}`;
    this.#entries.delete(key);
    this.#entries.set(key, { digest, expires: this.#clock() + this.#ttlMs });
    if (this.#entries.size <= maxTags) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
