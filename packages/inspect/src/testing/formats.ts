import { crc32 } from 'node:zlib';

/** Writes a zip archive, entries not compressed: local headers, central directory, end record. */
export function zip(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(bytes.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const before = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), bytes]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, rest, Buffer.from(name)]));
    local.push(before);
    offset += before.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

/** Writes a 64-bit little-endian ELF file that has nothing but sections. */
export function elfWithSections(sections: Readonly<Record<string, Uint8Array>>): Buffer {
  const names = Buffer.from(`\0${Object.keys(sections).join('\0')}\0.shstrtab\0`);
  const contents = [...Object.values(sections).map((bytes) => Buffer.from(bytes)), names];
  const table: Buffer[] = [Buffer.alloc(64)];
  let offset = 64;
  for (const [at, name] of [...Object.keys(sections), '.shstrtab'].entries()) {
    const header = Buffer.alloc(64);
    header.writeUInt32LE(names.indexOf(`\0${name}\0`) + 1, 0);
    header.writeBigUInt64LE(BigInt(offset), 24);
    header.writeBigUInt64LE(BigInt(contents[at]!.length), 32);
    table.push(header);
    offset += contents[at]!.length;
  }
  const head = Buffer.alloc(64);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeBigUInt64LE(BigInt(offset), 40);
  head.writeUInt16LE(64, 58);
  head.writeUInt16LE(table.length, 60);
  head.writeUInt16LE(table.length - 1, 62);
  return Buffer.concat([head, ...contents, ...table]);
}

/** Writes the section `.go.buildinfo` as Go 1.18 and later do. */
export function goBuildInfo(version: string, modules: string): Buffer {
  const text = (value: Buffer) => {
    const length: number[] = [];
    let left = value.length;
    for (; left >= 0x80; left >>>= 7) length.push((left & 0x7f) | 0x80);
    return Buffer.concat([Buffer.from([...length, left]), value]);
  };
  const mark = Buffer.alloc(16, 0x30);
  const head = Buffer.alloc(32);
  head.write('\xff Go buildinf:\x08\x02', 'latin1');
  return Buffer.concat([
    head,
    text(Buffer.from(version)),
    text(Buffer.concat([mark, Buffer.from(modules), mark])),
  ]);
}
