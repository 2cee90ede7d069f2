const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

type Part = 'magic' | 'skippable' | 'descriptor' | 'block' | 'unknown';

/**
 * Follows compressed bytes from frame to frame and block to block (RFC 8878 §3.1), to know whether they end where a frame
 * does. Decoders do not all say when they got less: that of Bun, the standalone executable's runtime, takes a part for the
 * whole.
 */
export class ZstdFrames {
  #part: Part = 'magic';
  #head: number[] = [];
  #wanted = 4;
  /** Bytes to pass over before the next part. */
  #skip = 0;
  #hasChecksum = false;

  /** Whether all that came is whole frames. */
  get whole(): boolean {
    return this.#part === 'magic' && this.#head.length === 0 && this.#skip === 0;
  }

  update(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#skip > 0 || this.#part === 'unknown') {
        const passed = this.#part === 'unknown' ? chunk.length - at : Math.min(this.#skip, chunk.length - at);
        this.#skip -= passed;
        at += passed;
        continue;
      }
      this.#head.push(chunk[at++]!);
      if (this.#head.length === this.#wanted) this.#next(Uint8Array.from(this.#head));
    }
  }

  #next(head: Uint8Array): void {
    const view = new DataView(head.buffer);
    switch (this.#part) {
      case 'magic': {
        const magic = view.getUint32(0, true);
        if (magic === frameMagic) this.#expect('descriptor', 1);
        else if ((magic & 0xfffffff0) >>> 0 === skippableMagic) this.#expect('skippable', 4);
        else this.#expect('unknown', 0);
        break;
      }
      case 'skippable':
        this.#expect('magic', 4, view.getUint32(0, true));
        break;
      case 'descriptor': {
        const descriptor = head[0]!;
        const isSingleSegment = (descriptor & 0x20) !== 0;
        this.#hasChecksum = (descriptor & 0x04) !== 0;
        const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
        const dictionary = [0, 1, 2, 4][descriptor & 0x03]!;
        this.#expect('block', 3, (isSingleSegment ? 0 : 1) + dictionary + contentSize);
        break;
      }
      default: {
        const header = head[0]! | (head[1]! << 8) | (head[2]! << 16);
        const isRunLength = ((header >> 1) & 3) === 1;
        const size = isRunLength ? 1 : header >> 3;
        if ((header & 1) === 0) this.#expect('block', 3, size);
        else this.#expect('magic', 4, size + (this.#hasChecksum ? 4 : 0));
      }
    }
  }

  #expect(part: Part, wanted: number, skip = 0): void {
    this.#part = part;
    this.#head = [];
    this.#wanted = wanted;
    this.#skip = skip;
  }
}

/** Passes zstd on to its decoder. @throws an error with the code `ZSTD_TRUNCATED` where it is cut off */
export async function* wholeZstd(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const frames = new ZstdFrames();
  for await (const chunk of chunks) {
    frames.update(chunk);
    yield chunk;
  }
  if (!frames.whole) throw Object.assign(new Error('the zstd stream is cut off'), { code: 'ZSTD_TRUNCATED' });
}
