import type { Digest } from '@pratique/oci';
import type { Compressed } from './compression.ts';

/** A layer's bytes uncompressed. */
export interface Unpacked {
  /** Each piece is valid until the next one is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Digest of all of them, once they were read. */
  diffId(): Digest;
}

/** Decompresses a layer on a thread. */
export type Unpack = (chunks: AsyncIterable<Uint8Array>, compression: Compressed) => Unpacked;
