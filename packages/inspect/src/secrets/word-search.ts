/** A word to find: ASCII, at least three characters. */
export interface Word {
  readonly text: string;
  /** Letters are found in either case. Default: as they stand. */
  readonly anyCase?: boolean | undefined;
}

/** A word as it is compared, once its last two bytes of the window were met. */
interface Candidate {
  readonly word: number;
  readonly bytes: Uint8Array;
  /** 0x20 where a byte is a letter that may have either case. */
  readonly fold: Uint8Array;
  /** From the word's start to the last byte of its window. */
  readonly windowEnd: number;
}

const none: readonly Candidate[] = [];

/** Bytes of every word that decide how far to move: the fewer, the shorter the steps. Of a shorter word, with what stands before it. */
const windowBytes = 4;

/**
 * Finds many words in one pass, most bytes never looked at: Wu and Manber's algorithm (TR 94-17, 1994) over pairs of
 * bytes. The pair that ends a window says how far the nearest window of any word can be.
 */
export class WordSearch {
  readonly #steps = new Uint8Array(65_536).fill(windowBytes - 1);
  readonly #candidates: (readonly Candidate[])[] = Array.from({ length: 65_536 }, () => none);

  constructor(words: readonly Word[]) {
    for (const [index, word] of words.entries()) this.#add(index, word);
  }

  /**
   * Tells every place where a word stands in `bytes`, in no order.
   *
   * @param found is told the word's number in the list and where it begins
   */
  find(bytes: Uint8Array, found: (word: number, at: number) => void): void {
    const steps = this.#steps;
    const quarter = bytes.length >> 2;
    // A word of three bytes at the very beginning ends at 2.
    let [a, b, c, d] = [windowBytes - 2, quarter, 2 * quarter, 3 * quarter];
    const [aEnd, bEnd, cEnd, dEnd] = [quarter, 2 * quarter, 3 * quarter, bytes.length];
    // At four places at once: every step waits for memory, and four wait no longer than one.
    while (a < aEnd && b < bEnd && c < cEnd && d < dEnd) {
      const aStep = steps[(bytes[a - 1]! << 8) | bytes[a]!]!;
      const bStep = steps[(bytes[b - 1]! << 8) | bytes[b]!]!;
      const cStep = steps[(bytes[c - 1]! << 8) | bytes[c]!]!;
      const dStep = steps[(bytes[d - 1]! << 8) | bytes[d]!]!;
      if (aStep === 0) this.#compare(bytes, a, found);
      if (bStep === 0) this.#compare(bytes, b, found);
      if (cStep === 0) this.#compare(bytes, c, found);
      if (dStep === 0) this.#compare(bytes, d, found);
      a += aStep || 1;
      b += bStep || 1;
      c += cStep || 1;
      d += dStep || 1;
    }
    this.#walk(bytes, a, aEnd, found);
    this.#walk(bytes, b, bEnd, found);
    this.#walk(bytes, c, cEnd, found);
    this.#walk(bytes, d, dEnd, found);
  }

  #walk(bytes: Uint8Array, from: number, to: number, found: (word: number, at: number) => void): void {
    for (let end = Math.max(from, 1); end < to; ) {
      const step = this.#steps[(bytes[end - 1]! << 8) | bytes[end]!]!;
      if (step === 0) this.#compare(bytes, end, found);
      end += step || 1;
    }
  }

  #compare(bytes: Uint8Array, end: number, found: (word: number, at: number) => void): void {
    for (const candidate of this.#candidates[(bytes[end - 1]! << 8) | bytes[end]!]!) {
      const at = end - candidate.windowEnd;
      if (stands(candidate, bytes, at)) found(candidate.word, at);
    }
  }

  #add(word: number, { text, anyCase = false }: Word): void {
    if (text.length < windowBytes - 1) throw new TypeError(`the word "${text}" is too short`);
    const bytes = Buffer.from(anyCase ? text.toLowerCase() : text, 'latin1');
    const fold = bytes.map((byte) => (anyCase && isLower(byte) ? 0x20 : 0));
    const start = rarestWindow(bytes);
    const windowEnd = start + windowBytes - 1;
    const candidate: Candidate = { word, bytes, fold, windowEnd };
    const casesOf = (at: number): readonly number[] => (at < 0 ? anyByte : cases(bytes[at]!, fold[at]!));
    for (let at = start; at < windowEnd; at++)
      for (const first of casesOf(at))
        for (const second of casesOf(at + 1)) {
          const pair = (first << 8) | second;
          const step = windowEnd - 1 - at;
          this.#steps[pair] = Math.min(this.#steps[pair]!, step);
          if (step === 0) this.#candidates[pair] = [...(this.#candidates[pair] ?? []), candidate];
        }
  }
}

function stands({ bytes: word, fold }: Candidate, bytes: Uint8Array, at: number): boolean {
  if (at < 0 || at + word.length > bytes.length) return false;
  for (let index = 0; index < word.length; index++)
    if ((bytes[at + index]! | fold[index]!) !== word[index]) return false;
  return true;
}

const anyByte: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte);

function isLower(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}

function cases(byte: number, fold: number): readonly number[] {
  return fold === 0 ? [byte] : [byte, byte ^ fold];
}

/** Where the four bytes begin that are met least often: small letters are most of every text, the common ones above all. */
function rarestWindow(bytes: Uint8Array): number {
  const weight = (byte: number): number => {
    if (byte === 0x20) return 3;
    if (!isLower(byte)) return 0;
    return 'etaoinsrhldcu'.includes(String.fromCharCode(byte)) ? 2 : 1;
  };
  if (bytes.length < windowBytes) return bytes.length - windowBytes;
  let rarest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let start = 0; start + windowBytes <= bytes.length; start++) {
    const window = [...bytes.subarray(start, start + windowBytes)].map(weight);
    // The last pair decides whether the word is compared at all.
    const common = window.reduce((sum, one) => sum + one, 0) + window[2]! + window[3]!;
    if (common < least) [rarest, least] = [start, common];
  }
  return rarest;
}
