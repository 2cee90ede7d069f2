import { ociErrors } from '../errors.ts';

/** Random access to a file's bytes. `read` returns fewer bytes than asked for only at the end. */
export interface ByteSource {
  readonly name: string;
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

/** What the dynamic linker needs to know of an executable or library (System V ABI, chapters 4 and 5). */
export interface ElfFile {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  /** `e_machine`: 62 is x86-64, 183 is AArch64. */
  readonly machine: number;
  /** `PT_INTERP`: the dynamic linker of a dynamically linked executable. */
  readonly interpreter?: string;
  readonly soname?: string;
  readonly needed: readonly string[];
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
}

const limits = { programHeaders: 512, dynamicBytes: 1024 * 1024, stringBytes: 4096, needed: 1024 } as const;

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT = { null: 0, needed: 1, strtab: 5, strsz: 10, soname: 14, rpath: 15, runpath: 29 } as const;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Reads numbers of one file's class and byte order, refusing what lies outside the file. */
class Reader {
  private readonly source: ByteSource;
  readonly bits: 32 | 64;
  readonly little: boolean;

  constructor(source: ByteSource, bits: 32 | 64, little: boolean) {
    this.source = source;
    this.bits = bits;
    this.little = little;
  }

  fail(why: string) {
    return ociErrors.error('OCI_ELF_INVALID', { message: `${this.source.name}: ${why}` });
  }

  view(offset: number, length: number): DataView {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > this.source.size) {
      throw this.fail('it points outside itself');
    }
    const bytes = this.source.read(offset, length);
    if (bytes.length !== length) throw this.fail('it is shorter than it says');
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  /** An address or offset of the file's class; beyond 2^53 no file reaches. */
  word(view: DataView, at: number): number {
    if (this.bits === 32) return view.getUint32(at, this.little);
    const value = view.getBigUint64(at, this.little);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.fail('an offset is out of range');
    return Number(value);
  }

  /** A string that ends in a zero byte before `end`. */
  text(offset: number, end: number): string {
    const length = Math.min(limits.stringBytes, end - offset, this.source.size - offset);
    if (length <= 0) throw this.fail('a name lies outside its table');
    const { buffer, byteOffset } = this.view(offset, length);
    const bytes = new Uint8Array(buffer, byteOffset, length);
    const zero = bytes.indexOf(0);
    if (zero < 0) throw this.fail('a name does not end');
    return new TextDecoder().decode(bytes.subarray(0, zero));
  }
}

/**
 * Reads the dynamic linking information of an ELF file. Only a few kilobytes of the file are read, wherever they are;
 * counts and sizes are bounded and every offset is checked against the file.
 *
 * @throws OCI_ELF_INVALID
 */
export function parseElf(source: ByteSource): ElfFile {
  const notElf = () =>
    ociErrors.error('OCI_ELF_INVALID', { message: `${source.name}: it is not an ELF file` });
  if (source.size < 52) throw notElf();
  const ident = source.read(0, 16);
  const [m0, m1, m2, m3, klass, data, version] = ident;
  if (m0 !== 0x7f || m1 !== 0x45 || m2 !== 0x4c || m3 !== 0x46) throw notElf();
  if ((klass !== 1 && klass !== 2) || (data !== 1 && data !== 2) || version !== 1) throw notElf();
  const reader = new Reader(source, klass === 1 ? 32 : 64, data === 1);
  const { bits, little } = reader;

  const header = reader.view(0, bits === 32 ? 52 : 64);
  const machine = header.getUint16(18, little);
  const segments = segmentsOf(reader, header);
  const interp = segments.find(({ type }) => type === PT_INTERP);
  const interpreter =
    interp === undefined ? undefined : reader.text(interp.offset, interp.offset + interp.size);
  return {
    bits,
    littleEndian: little,
    machine,
    ...(interpreter === undefined ? {} : { interpreter }),
    ...dynamicOf(reader, segments),
  };
}

function segmentsOf(reader: Reader, header: DataView): Segment[] {
  const wide = reader.bits === 64;
  const tableOffset = reader.word(header, wide ? 32 : 28);
  const entrySize = header.getUint16(wide ? 54 : 42, reader.little);
  const count = header.getUint16(wide ? 56 : 44, reader.little);
  if (count === 0) return [];
  if (count > limits.programHeaders) throw reader.fail('it has too many program headers');
  if (entrySize !== (wide ? 56 : 32)) throw reader.fail('its program headers have an unknown size');
  const table = reader.view(tableOffset, count * entrySize);
  return Array.from({ length: count }, (_, index) => {
    const at = index * entrySize;
    return {
      type: table.getUint32(at, reader.little),
      offset: reader.word(table, at + (wide ? 8 : 4)),
      address: reader.word(table, at + (wide ? 16 : 8)),
      size: reader.word(table, at + (wide ? 32 : 16)),
    };
  });
}

type Dynamic = Pick<ElfFile, 'needed' | 'rpath' | 'runpath' | 'soname'>;

function dynamicOf(reader: Reader, segments: readonly Segment[]): Dynamic {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return { needed: [], rpath: [], runpath: [] };
  if (dynamic.size > limits.dynamicBytes) throw reader.fail('its dynamic section is too large');
  const step = reader.bits === 64 ? 16 : 8;
  const table = reader.view(dynamic.offset, dynamic.size - (dynamic.size % step));
  const entries: [tag: number, value: number][] = [];
  for (let at = 0; at < table.byteLength; at += step) {
    const tag = table.getUint32(reader.bits === 64 && !reader.little ? at + 4 : at, reader.little);
    if (tag === DT.null) break;
    if (!(Object.values(DT) as number[]).includes(tag)) continue;
    entries.push([tag, reader.word(table, at + step / 2)]);
  }
  const first = (tag: number) => entries.find(([other]) => other === tag)?.[1];
  const needed = entries.filter(([tag]) => tag === DT.needed);
  if (needed.length > limits.needed) throw reader.fail('it needs too many libraries');
  const wanted =
    [DT.soname, DT.rpath, DT.runpath].some((tag) => first(tag) !== undefined) || needed.length > 0;
  if (!wanted) return { needed: [], rpath: [], runpath: [] };

  const strings = fileOffset(reader, segments, first(DT.strtab));
  const end = strings + (first(DT.strsz) ?? 0);
  const text = (at: number) => reader.text(strings + at, end);
  const paths = (at: number | undefined) => (at === undefined ? [] : text(at).split(':').filter(Boolean));
  const soname = first(DT.soname);
  return {
    needed: needed.map(([, at]) => text(at)),
    rpath: paths(first(DT.rpath)),
    runpath: paths(first(DT.runpath)),
    ...(soname === undefined ? {} : { soname: text(soname) }),
  };
}

/** The dynamic section speaks of addresses; the loadable segments say where in the file they are. */
function fileOffset(reader: Reader, segments: readonly Segment[], address: number | undefined): number {
  if (address === undefined) throw reader.fail('it has names but no table of them');
  const segment = segments.find(
    ({ type, address: start, size }) => type === PT_LOAD && address >= start && address < start + size,
  );
  if (segment === undefined) throw reader.fail('its table of names is not in the file');
  return segment.offset + (address - segment.address);
}
