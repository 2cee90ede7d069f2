import type { Digest } from '@pratique/oci';

/**
 * The manifests asked for last, up to a number of bytes. Every deployment reads manifests, and reading one from a
 * file costs three times what the whole rest of the request does.
 */
export class ManifestCache {
  readonly #capacity: number;
  readonly #entries = new Map<Digest, Uint8Array>();
  #bytes = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(digest: Digest): Uint8Array | undefined {
    const bytes = this.#entries.get(digest);
    if (bytes === undefined) return undefined;
    // Last in insertion order is last to go.
    this.#entries.delete(digest);
    this.#entries.set(digest, bytes);
    return bytes;
  }

  set(digest: Digest, bytes: Uint8Array): void {
    if (this.#entries.has(digest) || bytes.length > this.#capacity / 8) return;
    this.#entries.set(digest, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, content] of this.#entries) {
      if (this.#bytes <= this.#capacity) break;
      this.#entries.delete(oldest);
      this.#bytes -= content.length;
    }
  }
}
