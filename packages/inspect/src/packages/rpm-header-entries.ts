/** Paths are made of a directory and a name, so that a small header can claim many long ones. */
const limits = { items: 1_000_000, pathCharacters: 256 * 1024 * 1024 };
const types = { char: 1, int32: 4, texts: [6, 8, 9] } as const; // STRING, STRING_ARRAY, I18NSTRING
const pathTags = { dirIndexes: 1116, baseNames: 1117, dirNames: 1118 } as const;

type Entry = { readonly type: number; readonly offset: number; readonly count: number };

/**
 * The entries of a header as rpm stores it, in every kind of its databases: an index, then data (rpm-format(5)). What is
 * damaged is empty, and `damaged` says so: not exactly as long as it says, or with something outside of itself.
 */
export class RpmHeaderEntries {
  damaged = false;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #data: number;
  readonly #entries = new Map<number, Entry>();

  /** @param wanted tags; what an attacker may list many of is not kept */
  constructor(bytes: Uint8Array, wanted: ReadonlySet<number>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = bytes.length < 8 ? 0 : this.#view.getUint32(0);
    this.#data = 8 + count * 16;
    if (bytes.length < 8 || this.#data + this.#view.getUint32(4) !== bytes.length) {
      this.damaged = true;
      return;
    }
    for (let at = 8; at < this.#data; at += 16) {
      const tag = this.#view.getUint32(at);
      if (!wanted.has(tag) && !pathTagNumbers.has(tag)) continue;
      const offset = this.#data + this.#view.getInt32(at + 8);
      this.#entries.set(tag, {
        type: this.#view.getUint32(at + 4),
        offset,
        count: this.#view.getUint32(at + 12),
      });
    }
  }

  texts(tag: number): string[] {
    const entry = this.#entry(tag, types.texts);
    if (entry === undefined || entry.count === 0) return [];
    let end = entry.offset;
    for (let left = entry.count; left > 0; left--) {
      const zero = this.#bytes.indexOf(0, end);
      if (zero < 0) this.damaged = true;
      if (this.damaged) return [];
      end = zero + 1;
    }
    return new TextDecoder().decode(this.#bytes.subarray(entry.offset, end - 1)).split('\0');
  }

  numbers(tag: number): number[] {
    const entry = this.#entry(tag, [types.int32]);
    if (entry === undefined) return [];
    if (entry.offset + entry.count * 4 > this.#bytes.length) this.damaged = true;
    if (this.damaged) return [];
    return Array.from({ length: entry.count }, (_, at) => this.#view.getUint32(entry.offset + at * 4));
  }

  /** Where bytes lie in the header. */
  bytes(tag: number): { readonly offset: number; readonly count: number } | undefined {
    const entry = this.#entry(tag, [types.char]);
    if (entry !== undefined && entry.offset + entry.count > this.#bytes.length) this.damaged = true;
    return this.damaged ? undefined : entry;
  }

  /** Every path of the package. */
  paths(): string[] {
    const [directories, indexes] = [this.texts(pathTags.dirNames), this.numbers(pathTags.dirIndexes)];
    let characters = 0;
    return this.texts(pathTags.baseNames).flatMap((base, at) => {
      const directory = directories[indexes[at] ?? -1];
      characters += base.length + (directory?.length ?? 0);
      if (directory === undefined || characters > limits.pathCharacters) this.damaged = true;
      return this.damaged ? [] : [`${directory}${base}`];
    });
  }

  #entry(tag: number, expected: readonly number[]): Entry | undefined {
    const entry = this.#entries.get(tag);
    if (entry === undefined) return undefined;
    if (expected.includes(entry.type) && entry.offset >= this.#data && entry.count <= limits.items)
      return entry;
    this.damaged = true;
    return undefined;
  }
}

const pathTagNumbers: ReadonlySet<number> = new Set(Object.values(pathTags));
