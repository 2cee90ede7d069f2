import type { FileNode, FileSystem } from '@pratique/inspect';
import type { ElfFile } from '@pratique/oci';
import { elfOf, loaderDirectories } from '../reach/libraries.ts';
import { resolveWithLinks } from '../reach/resolve.ts';

export const loaderCachePath = 'etc/ld.so.cache';

/** A library as the loader asks for it. */
interface CachedLibrary {
  readonly name: string;
  readonly path: string;
  readonly flags: number;
  /** The directory of `glibc-hwcaps` it is in; empty for those of every machine. */
  readonly hardware: string;
}

/**
 * `/etc/ld.so.cache` as ldconfig(8) would write it: of the libraries in directories that `/etc/ld.so.conf` names, some are
 * found through it alone. In glibc’s format since 2.2 (`struct cache_file_new`).
 *
 * @param isThere whether a path, relative to the root, is in the image
 * @returns null where there is a library whose flags are not known here: without a cache the loader looks for itself
 */
export function loaderCache(fileSystem: FileSystem, isThere: (path: string) => boolean): Uint8Array | null {
  const libraries: CachedLibrary[] = [];
  const seen = new Set<string>();
  const isNew = (what: string) => seen.size < seen.add(what).size;
  for (const directory of loaderDirectories(fileSystem)) {
    const node = fileSystem.resolve(directory);
    if (node?.type !== 'directory' || !isNew(node.path)) continue;
    const hardware = fileSystem
      .list(`${node.path}/glibc-hwcaps`)
      .filter(({ type }) => type === 'directory')
      .map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
    for (const name of ['', ...hardware]) {
      const place = name === '' ? '' : `/glibc-hwcaps/${name}`;
      for (const { as, file, real, elf } of librariesIn(fileSystem, `${node.path}${place}`, isThere)) {
        const flags = flagsOf(elf);
        if (flags === undefined) return null;
        // A link in a later directory to what was found says nothing new.
        if (isNew(`${as} ${real}`))
          libraries.push({ name: as, path: `${directory}${place}/${file}`, flags, hardware: name });
      }
    }
  }
  return written(libraries.sort(order));
}

interface FoundLibrary {
  /** What the loader asks for: the library’s own name, or that of a link for dlopen(3). */
  readonly as: string;
  readonly file: string;
  readonly real: string;
  readonly elf: ElfFile;
}

function librariesIn(
  fileSystem: FileSystem,
  directory: string,
  isThere: (path: string) => boolean,
): Iterable<FoundLibrary> {
  const found = new Map<string, FoundLibrary>();
  for (const node of fileSystem.list(directory)) {
    const file = node.path.slice(node.path.lastIndexOf('/') + 1);
    if (!/^(lib|ld-|ld\.so\.).*\.so|^ld\.so\./.test(file)) continue;
    const resolved = resolveWithLinks(fileSystem, `/${node.path}`);
    if (resolved?.node.type !== 'file') continue;
    if (![resolved.node, ...resolved.links].every(({ path }) => isThere(path))) continue;
    const elf = elfOf(resolved.node);
    if (elf === null) continue;
    const as = isForLinking(node, file) ? file : (elf.soname ?? file);
    if (file === as || !found.has(as)) found.set(as, { as, file, real: resolved.node.path, elf });
  }
  return found.values();
}

function isForLinking({ type }: FileNode, file: string): boolean {
  return type === 'symlink' && file.endsWith('.so');
}

/** `FLAG_ELF_LIBC6` and the machine’s (glibc, `sysdeps/generic/ldconfig.h`), by `e_machine` and the width of words. */
const knownFlags: Readonly<Record<string, number>> = {
  '3/32': 0x0003,
  '62/64': 0x0303,
  '22/64': 0x0403,
  '21/64': 0x0503,
  '183/64': 0x0a03,
  '243/64': 0x1003,
};

function flagsOf({ machine, bits, littleEndian }: ElfFile): number | undefined {
  return littleEndian ? knownFlags[`${machine}/${bits}`] : undefined;
}

/** The loader searches by halves, from the last name to the first; of one name it takes what comes first. */
function order(a: CachedLibrary, b: CachedLibrary): number {
  return (
    compareNames(b.name, a.name) ||
    b.flags - a.flags ||
    Number(a.hardware === '') - Number(b.hardware === '') ||
    (a.hardware < b.hardware ? -1 : Number(a.hardware > b.hardware))
  );
}

/** Glibc’s `_dl_cache_libcmp`: numbers in names count as numbers, and come after everything else. */
function compareNames(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let at = 0; at < left.length; at++) {
    const [one, other] = [left[at]!, right[at]];
    if (other === undefined) return 1;
    const [isNumber, isOtherNumber] = [/\d/.test(one), /\d/.test(other)];
    if (isNumber !== isOtherNumber) return isNumber ? 1 : -1;
    const difference = isNumber ? Number(one) - Number(other) : one.charCodeAt(0) - other.charCodeAt(0);
    if (difference !== 0) return difference;
  }
  return right.length > left.length ? -1 : 0;
}

function partsOf(name: string): readonly string[] {
  return name.match(/\d+|\D/g) ?? [];
}

const headerBytes = 48;
const entryBytes = 24;
const littleEndianFlag = 2;
const extensionMagic = 0xeaa42174;
const hardwareTag = 1;
/** In `hwcap` of an entry: the rest is an index into the names of hardware. */
const hardwareBit = 1n << 62n;

function written(libraries: readonly CachedLibrary[]): Uint8Array {
  const hardware = [...new Set(libraries.map((one) => one.hardware))].filter((name) => name !== '').sort();
  const start = headerBytes + libraries.length * entryBytes;
  const offsets = new Map<string, number>();
  const strings: Uint8Array[] = [];
  let end = start;
  const offsetOf = (text: string): number => {
    const known = offsets.get(text);
    if (known !== undefined) return known;
    const bytes = new TextEncoder().encode(`${text}\0`);
    strings.push(bytes);
    offsets.set(text, end);
    end += bytes.length;
    return end - bytes.length;
  };
  const entries = libraries.map((one) => ({ ...one, key: offsetOf(one.name), value: offsetOf(one.path) }));
  const names = hardware.map(offsetOf);
  const extension = Math.ceil(end / 4) * 4;
  // A magic number, how many sections, one section, and what it holds.
  const size = names.length === 0 ? end : extension + 8 + 16 + 4 * names.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const put = (at: number, ...values: readonly number[]): void => {
    for (const [index, value] of values.entries()) view.setUint32(at + 4 * index, value, true);
  };
  bytes.set(new TextEncoder().encode('glibc-ld.so.cache1.1'));
  put(20, libraries.length, end - start, littleEndianFlag, names.length === 0 ? 0 : extension);
  for (const [index, one] of entries.entries()) {
    const at = headerBytes + index * entryBytes;
    put(at, one.flags, one.key, one.value, 0);
    if (one.hardware !== '')
      view.setBigUint64(at + 16, hardwareBit | BigInt(hardware.indexOf(one.hardware)), true);
  }
  bytes.set(Buffer.concat(strings), start);
  if (names.length > 0) {
    put(extension, extensionMagic, 1, hardwareTag, 0, extension + 24, 4 * names.length);
    put(extension + 24, ...names);
  }
  return bytes;
}
