import { type GrowingTree, type Signer, signCheckpoint } from '@pratique/crypto';
import type { KeySuccession } from '../store/generations.ts';

/** A checkpoint with the tree it is about. */
export interface SignedCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed note, with the cosignatures there are. */
  readonly note: string;
  /** Who signed it for the log. */
  readonly key: Signer;
}

/** The checkpoints of a log that are given out, in the order of the tree's growth. */
export interface CheckpointSource {
  /** One of a tree that has the entry at `index`, which is on disk. */
  covering(index: number): Promise<SignedCheckpoint>;
  /** One of everything that is on disk. */
  newest(): Promise<SignedCheckpoint>;
}

/**
 * Makes checkpoints one at a time and gives each to all who wait for it: entries that share a flush, or arrive while a
 * key elsewhere or a witness is asked, share a checkpoint.
 */
export class SharedCheckpoints implements CheckpointSource {
  readonly #tree: GrowingTree;
  readonly #keys: KeySuccession;
  readonly #make: () => Promise<SignedCheckpoint>;
  #latest: SignedCheckpoint | undefined;
  #round: Promise<void> | undefined;

  /** @param make a checkpoint of the tree as it is when called, or later, by the key that is in use */
  constructor(tree: GrowingTree, keys: KeySuccession, make: () => Promise<SignedCheckpoint>) {
    this.#tree = tree;
    this.#keys = keys;
    this.#make = make;
  }

  async covering(index: number): Promise<SignedCheckpoint> {
    for (;;) {
      const latest = this.#latest;
      if (latest !== undefined && latest.size > index && latest.key === this.#keys.at(new Date()).key)
        return latest;
      this.#round ??= this.#next().finally(() => {
        this.#round = undefined;
      });
      await this.#round;
    }
  }

  newest(): Promise<SignedCheckpoint> {
    return this.covering(this.#tree.size - 1);
  }

  async #next(): Promise<void> {
    this.#latest = await this.#make();
  }
}

export interface CheckpointOptions {
  readonly tree: GrowingTree;
  readonly keys: KeySuccession;
  readonly origin: string;
  /** On the signature line. */
  readonly name: string;
}

/** The checkpoints that a log signs. */
export function signedCheckpoints({ tree, keys, origin, name }: CheckpointOptions): CheckpointSource {
  return new SharedCheckpoints(tree, keys, async () => {
    const { key } = keys.at(new Date());
    const { size } = tree;
    const root = tree.root(size);
    return { size, root, key, note: await signCheckpoint({ origin, size, root }, name, key) };
  });
}
