import type { Digest } from '@pratique/oci';
import type { Compressed } from './compression.ts';

/** Pieces of memory that both sides see. The thread fills `output`, which has `outputBusy` at 1 until it was read. */
export interface ThreadMemory {
  readonly input: readonly SharedArrayBuffer[];
  readonly output: readonly SharedArrayBuffer[];
  readonly outputBusy: SharedArrayBuffer;
}

/** Who computes the diff ID of a layer. */
export type Hashed = 'by the thread' | 'by the caller';

/** To the thread. */
export type Order =
  | { readonly kind: 'start'; readonly compression: Compressed; readonly hashed: Hashed }
  /** `bytes` of the layer are in `input[piece]`. */
  | { readonly kind: 'input'; readonly piece: number; readonly bytes: number; readonly last: boolean };

/** From the thread. */
export type Progress =
  /** `input[piece]` may be written again. */
  | { readonly kind: 'used'; readonly piece: number }
  /** `bytes` are in `output[piece]`. */
  | { readonly kind: 'output'; readonly piece: number; readonly bytes: number }
  /** With `diffId` where the thread computed it. */
  | { readonly kind: 'end'; readonly diffId?: Digest }
  | { readonly kind: 'damaged'; readonly message: string };
