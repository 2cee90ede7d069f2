const inPiece = 4096;

/** Numbers side by side in pieces of one size: none is moved, however many there are. */
export class OffsetList {
  readonly #pieces: Float64Array[] = [];
  #length = 0;

  push(offset: number): void {
    const at = this.#length % inPiece;
    if (at === 0) this.#pieces.push(new Float64Array(inPiece));
    this.#pieces.at(-1)![at] = offset;
    this.#length++;
  }

  /** @throws RangeError where there is none */
  at(index: number): number {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#length)
      throw new RangeError('no such offset');
    return this.#pieces[Math.floor(index / inPiece)]![index % inPiece]!;
  }
}
