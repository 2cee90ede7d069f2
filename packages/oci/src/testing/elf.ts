export interface ElfInput {
  readonly bits?: 32 | 64;
  readonly littleEndian?: boolean;
  readonly machine?: number;
  readonly interpreter?: string;
  readonly needed: readonly string[];
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
}

/** Writes a minimal ELF file with the given linking information: header, segments, strings, dynamic section. */
export function elfBytes(input: ElfInput): Uint8Array {
  const { bits = 64, littleEndian: little = true, machine = 62 } = input;
  const wide = bits === 64;
  const strings: number[] = [0];
  const text = (value: string): number => {
    const at = strings.length;
    strings.push(...new TextEncoder().encode(value), 0);
    return at;
  };
  const dynamic: [tag: number, value: number][] = input.needed.map((name) => [1, text(name)]);
  if (input.soname !== undefined) dynamic.push([14, text(input.soname)]);
  if (input.rpath !== undefined) dynamic.push([15, text(input.rpath)]);
  if (input.runpath !== undefined) dynamic.push([29, text(input.runpath)]);
  const interpreter = input.interpreter === undefined ? undefined : text(input.interpreter);

  const headerSize = wide ? 64 : 52;
  const programSize = wide ? 56 : 32;
  const count = interpreter === undefined ? 2 : 3;
  const stringsAt = headerSize + count * programSize;
  const dynamicAt = stringsAt + strings.length;
  const base = 0x10000;
  dynamic.push([5, base + stringsAt], [10, strings.length], [0, 0]);
  const step = wide ? 16 : 8;
  const size = dynamicAt + dynamic.length * step;

  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const word = (at: number, value: number) =>
    wide ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  view.setUint16(16, 3, little);
  view.setUint16(18, machine, little);
  word(wide ? 32 : 28, headerSize);
  view.setUint16(wide ? 54 : 42, programSize, little);
  view.setUint16(wide ? 56 : 44, count, little);
  const segments: [type: number, offset: number, size: number][] = [
    [1, 0, size],
    [2, dynamicAt, dynamic.length * step],
    ...(interpreter === undefined
      ? []
      : [[3, stringsAt + interpreter, input.interpreter!.length + 1] as [number, number, number]]),
  ];
  for (const [index, [type, offset, length]] of segments.entries()) {
    const at = headerSize + index * programSize;
    view.setUint32(at, type, little);
    word(at + (wide ? 8 : 4), offset);
    word(at + (wide ? 16 : 8), base + offset);
    word(at + (wide ? 32 : 16), length);
  }
  bytes.set(strings, stringsAt);
  for (const [index, [tag, value]] of dynamic.entries()) {
    word(dynamicAt + index * step, tag);
    word(dynamicAt + index * step + step / 2, value);
  }
  return bytes;
}
