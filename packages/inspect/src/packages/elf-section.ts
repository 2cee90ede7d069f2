import type { ByteSource } from '@pratique/oci';

const maxSections = 65_535;
const maxNames = 16 * 1024 * 1024;

/** Whether a file begins as ELF files do. */
export function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/**
 * The sections of an ELF file by name (System V ABI, chapter 4), each at most `maxBytes` long. A file that is damaged,
 * or is no ELF file, has none: it is no program that could say what it was built from.
 */
export function elfSections(
  file: ByteSource,
  names: readonly string[],
  maxBytes: number,
): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const header = read(file, 0, 64);
  if (header === undefined || !isElf(new Uint8Array(header.buffer, header.byteOffset, 4))) return found;
  const wide = header.getUint8(4) === 2;
  const little = header.getUint8(5) === 1;
  const word = (view: DataView, at: number) =>
    wide ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
  const size = wide ? 64 : 40;
  if (header.getUint16(wide ? 58 : 46, little) !== size) return found;
  const count = Math.min(header.getUint16(wide ? 60 : 48, little), maxSections);
  const nameTable = header.getUint16(wide ? 62 : 50, little);
  const table = read(file, word(header, wide ? 40 : 32), count * size);
  if (table === undefined || nameTable >= count) return found;
  const rangeOf = (index: number) => {
    const at = index * size;
    return { offset: word(table, at + (wide ? 24 : 16)), length: word(table, at + (wide ? 32 : 20)) };
  };
  const strings = rangeOf(nameTable);
  const text = strings.length <= maxNames ? read(file, strings.offset, strings.length) : undefined;
  if (text === undefined) return found;
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  for (let index = 0; index < count; index++) {
    const start = table.getUint32(index * size, little);
    const end = bytes.indexOf(0, start);
    const name = bytes.toString('latin1', start, end < 0 ? bytes.length : Math.min(end, start + 64));
    if (!names.includes(name) || found.has(name)) continue;
    const { offset, length } = rangeOf(index);
    const content = length <= maxBytes ? read(file, offset, length) : undefined;
    if (content !== undefined) found.set(name, new Uint8Array(content.buffer, content.byteOffset, length));
  }
  return found;
}

function read(file: ByteSource, offset: number, length: number): DataView | undefined {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset + length > file.size)
    return undefined;
  const bytes = file.read(offset, length);
  return bytes.length === length ? new DataView(bytes.buffer, bytes.byteOffset, length) : undefined;
}
