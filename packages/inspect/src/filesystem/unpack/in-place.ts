import { constants, createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import type { Compressed } from './compression.ts';

/** What zlib streams of Node have below their public face, in every release since 2015. */
interface Binding {
  readonly _handle: {
    /** Returns when the input is used up or the output is full. */
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputBytes: number,
      output: Uint8Array,
      outputAt: number,
      outputBytes: number,
    ): void;
  };
  /** What the last call left: bytes free in the output, bytes left of the input. */
  readonly _writeState: Uint32Array;
}

type Stream = (Gunzip | ZstdDecompress) & Binding;

/** Where decompressed bytes go. */
export interface Output {
  /** Memory to write into; asked for whenever the one before is full. */
  next(): Uint8Array;
  /** So many bytes of it are there. */
  filled(bytes: number): void;
}

/**
 * Decompresses in the calling thread, into memory of the caller's (docs/decisions/0011-layers-on-threads.md): Node's own
 * streams make a new buffer for every piece, and collecting those takes a third of the time again.
 */
export class InPlaceDecoder {
  readonly #stream: Stream;
  readonly #flush: { readonly more: number; readonly last: number };

  constructor(compression: Compressed) {
    const gzip = compression === 'gzip';
    this.#stream = (gzip ? createGunzip() : createZstdDecompress()) as Stream;
    this.#flush = gzip
      ? { more: constants.Z_NO_FLUSH, last: constants.Z_FINISH }
      : { more: constants.ZSTD_e_continue, last: constants.ZSTD_e_end };
    // What goes wrong is thrown by `write`; the event comes later and would end the process.
    this.#stream.on('error', () => {});
  }

  /** Whether this Node has what it takes. */
  static get isPossible(): boolean {
    const { _handle, _writeState } = createGunzip() as unknown as Partial<Binding>;
    return typeof _handle?.writeSync === 'function' && _writeState instanceof Uint32Array;
  }

  /**
   * @param last nothing comes after `input`
   * @throws Node's error of zlib or zstd for damaged input, and for one that is cut off
   */
  write(input: Uint8Array, last: boolean, output: Output): void {
    const { _handle: handle, _writeState: state } = this.#stream;
    const flush = last ? this.#flush.last : this.#flush.more;
    for (let left = input.length; ; ) {
      const memory = output.next();
      handle.writeSync(flush, input, input.length - left, left, memory, 0, memory.length);
      if (this.#stream.errored) throw this.#stream.errored;
      const [free = 0, unused = 0] = state;
      left = unused;
      output.filled(memory.length - free);
      // Room is left: nothing more comes of this input.
      if (free > 0) return;
    }
  }

  close(): void {
    this.#stream.destroy();
  }
}
