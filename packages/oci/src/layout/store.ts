import type { Descriptor, Digest } from '../types.ts';

/** A blob that is there: its size, and its bytes when asked for. */
export interface StoredBlob {
  readonly size: number;
  /** Reads it; call exactly once, and run the generator to its end or return it. */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
}

/** Content laid out as an OCI image layout, wherever it is kept. Nothing read from it is believed. */
export interface LayoutStore {
  /** For people. */
  readonly name: string;
  /** The entries of `index.json`. */
  entries(): Promise<readonly Descriptor[]>;
  blob(digest: Digest): Promise<StoredBlob | undefined>;
}

/** A layout that can be written. */
export interface WritableStore extends LayoutStore {
  /** Stores a blob; its chunks were verified when this returns. */
  write(digest: Digest, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  remove(digest: Digest): Promise<void>;
  /** Replaces the entries of `index.json` by what `change` makes of them, one change at a time. */
  update(change: (entries: readonly Descriptor[]) => readonly Descriptor[]): Promise<void>;
}
