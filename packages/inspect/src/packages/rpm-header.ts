/** What is read of a package's header in an rpm database. */
export interface RpmHeader {
  readonly name: string;
  readonly epoch: number | undefined;
  readonly version: string;
  readonly release: string;
  readonly architecture: string | undefined;
  readonly license: string | undefined;
  readonly vendor: string | undefined;
  /** `bash-5.1.8-9.el9.src.rpm` */
  readonly sourceRpm: string | undefined;
  readonly files: readonly string[];
  readonly requires: readonly string[];
  readonly provides: readonly string[];
}

const tags = {
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
} as const;
const limits = { entries: 65_536, bytes: 256 * 1024 * 1024, strings: 2_000_000 };

type Entry = { readonly type: number; readonly offset: number; readonly count: number };

/** Reads a header as rpm stores it (index entries, then data; rpm-format(5)); undefined where it is damaged. */
export function parseRpmHeader(bytes: Uint8Array): RpmHeader | undefined {
  if (bytes.length < 8 || bytes.length > limits.bytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0);
  const data = 8 + count * 16;
  if (count > limits.entries || data > bytes.length) return undefined;
  const entries = new Map<number, Entry>();
  for (let at = 8; at < data; at += 16) {
    const offset = data + view.getInt32(at + 8);
    if (offset < data || offset > bytes.length) continue;
    entries.set(view.getUint32(at), { type: view.getUint32(at + 4), offset, count: view.getUint32(at + 12) });
  }
  const texts = (tag: number): string[] => {
    const entry = entries.get(tag);
    // STRING, STRING_ARRAY, I18NSTRING
    if (entry === undefined || ![6, 8, 9].includes(entry.type)) return [];
    const found: string[] = [];
    for (let at = entry.offset; found.length < Math.min(entry.count, limits.strings) && at < bytes.length; ) {
      const end = bytes.indexOf(0, at);
      if (end < 0) break;
      found.push(new TextDecoder().decode(bytes.subarray(at, end)));
      at = end + 1;
    }
    return found;
  };
  const numbers = (tag: number): number[] => {
    const entry = entries.get(tag);
    if (entry === undefined || entry.type !== 4 || entry.offset + entry.count * 4 > bytes.length) return [];
    return Array.from({ length: entry.count }, (_, at) => view.getUint32(entry.offset + at * 4));
  };
  const [name, version, release] = [texts(tags.name)[0], texts(tags.version)[0], texts(tags.release)[0]];
  if (!name || !version || !release) return undefined;
  const directories = texts(tags.dirNames);
  const indexes = numbers(tags.dirIndexes);
  return {
    name,
    epoch: numbers(tags.epoch)[0],
    version,
    release,
    architecture: texts(tags.arch)[0],
    license: texts(tags.license)[0],
    vendor: texts(tags.vendor)[0],
    sourceRpm: texts(tags.sourceRpm)[0],
    files: texts(tags.baseNames).map((base, at) => `${directories[indexes[at] ?? -1] ?? ''}${base}`),
    requires: texts(tags.requireName),
    provides: texts(tags.provideName),
  };
}
