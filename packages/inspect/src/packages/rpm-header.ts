/** What is read of a package's header in an rpm database. */
export interface RpmHeader {
  readonly name: string;
  readonly epoch: number | undefined;
  readonly version: string;
  readonly release: string;
  readonly architecture: string | undefined;
  readonly license: string | undefined;
  readonly vendor: string | undefined;
  /** Of the header as it was signed, hexadecimal; absent where it is no such thing. */
  readonly sha256: string | undefined;
  /** `bash-5.1.8-9.el9.src.rpm` */
  readonly sourceRpm: string | undefined;
  /** The stream of a module it is of: `nodejs:18:8090020240101:rhel8`. */
  readonly modularityLabel: string | undefined;
  readonly files: readonly string[];
  readonly requires: readonly string[];
  readonly provides: readonly string[];
}

const tags = {
  sha256: 273,
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  arch: 1022,
  sourceRpm: 1044,
  provideName: 1047,
  requireName: 1049,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  modularityLabel: 5096,
} as const;
const wanted: ReadonlySet<number> = new Set(Object.values(tags));

/** Paths are made of a directory and a name, so that a small header can claim many long ones. */
const limits = { items: 1_000_000, pathCharacters: 256 * 1024 * 1024 };
const textTypes = [6, 8, 9]; // STRING, STRING_ARRAY, I18NSTRING
const int32 = 4;

type Entry = { readonly type: number; readonly offset: number; readonly count: number };

/**
 * Reads a header as rpm stores it, in every kind of its databases: index entries, then data (rpm-format(5)). Undefined
 * where it is damaged: not exactly as long as it says, or with something outside of itself.
 */
export function parseRpmHeader(bytes: Uint8Array): RpmHeader | undefined {
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0);
  const data = 8 + count * 16;
  if (data + view.getUint32(4) !== bytes.length) return undefined;
  const entries = new Map<number, Entry>();
  for (let at = 8; at < data; at += 16) {
    const tag = view.getUint32(at);
    // What an attacker may list many of is not kept.
    if (!wanted.has(tag)) continue;
    const offset = data + view.getInt32(at + 8);
    entries.set(tag, { type: view.getUint32(at + 4), offset, count: view.getUint32(at + 12) });
  }

  let damaged = false;
  const items = (tag: number, types: readonly number[]): Entry | undefined => {
    const entry = entries.get(tag);
    if (entry === undefined) return undefined;
    if (types.includes(entry.type) && entry.offset >= data && entry.count <= limits.items) return entry;
    damaged = true;
    return undefined;
  };
  const decoder = new TextDecoder();
  const texts = (tag: number): string[] => {
    const entry = items(tag, textTypes);
    if (entry === undefined || entry.count === 0) return [];
    let end = entry.offset;
    for (let left = entry.count; left > 0; left--) {
      const zero = bytes.indexOf(0, end);
      if (zero < 0) damaged = true;
      if (damaged) return [];
      end = zero + 1;
    }
    return decoder.decode(bytes.subarray(entry.offset, end - 1)).split('\0');
  };
  const numbers = (tag: number): number[] => {
    const entry = items(tag, [int32]);
    if (entry === undefined) return [];
    if (entry.offset + entry.count * 4 > bytes.length) damaged = true;
    if (damaged) return [];
    return Array.from({ length: entry.count }, (_, at) => view.getUint32(entry.offset + at * 4));
  };
  const paths = (): string[] => {
    const [directories, indexes] = [texts(tags.dirNames), numbers(tags.dirIndexes)];
    let characters = 0;
    return texts(tags.baseNames).flatMap((base, at) => {
      const directory = directories[indexes[at] ?? -1];
      characters += base.length + (directory?.length ?? 0);
      if (directory === undefined || characters > limits.pathCharacters) damaged = true;
      return damaged ? [] : [`${directory}${base}`];
    });
  };

  const [name, version, release] = [texts(tags.name)[0], texts(tags.version)[0], texts(tags.release)[0]];
  if (!name || !version || !release) return undefined;
  const header = {
    name,
    epoch: numbers(tags.epoch)[0],
    version,
    release,
    architecture: texts(tags.arch)[0],
    license: texts(tags.license)[0],
    vendor: texts(tags.vendor)[0],
    sha256: /^[0-9a-f]{64}$/.exec(texts(tags.sha256)[0] ?? '')?.[0],
    sourceRpm: texts(tags.sourceRpm)[0],
    modularityLabel: texts(tags.modularityLabel)[0] || undefined,
    files: paths(),
    requires: texts(tags.requireName),
    provides: texts(tags.provideName),
  };
  return damaged ? undefined : header;
}
