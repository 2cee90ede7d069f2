const shardCount = 256;

/**
 * Indices by key. A `Map` takes no more than sixteen million keys and moves all of them when it grows; of the many here
 * each grows by itself, so that no append waits long. Most keys have one index, which then needs no list.
 */
export class IndexMap {
  readonly #shards = Array.from({ length: shardCount }, () => new Map<string, number | number[]>());

  add(key: string, index: number): void {
    const shard = this.#shard(key);
    const found = shard.get(key);
    if (found === undefined) shard.set(key, index);
    else if (typeof found === 'number') shard.set(key, [found, index]);
    else found.push(index);
  }

  get(key: string): readonly number[] {
    const found = this.#shard(key).get(key) ?? [];
    return typeof found === 'number' ? [found] : found;
  }

  /** By the last characters: those of digests are as good as random. */
  #shard(key: string): Map<string, number | number[]> {
    let hash = 0;
    for (let at = Math.max(0, key.length - 4); at < key.length; at++) hash = hash * 31 + key.charCodeAt(at);
    return this.#shards[hash % shardCount]!;
  }
}
