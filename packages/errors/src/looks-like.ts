/** First bytes of formats, at an offset. */
const magics: readonly (readonly [name: string, offset: number, bytes: readonly number[]])[] = [
  // First, since it begins with a name: the field `magic` of POSIX.1-2001 and of GNU tar.
  ['a tar archive', 257, [0x75, 0x73, 0x74, 0x61, 0x72]],
  ['a gzip file', 0, [0x1f, 0x8b]],
  ['a zip file', 0, [0x50, 0x4b, 0x03, 0x04]],
  ['a zip file', 0, [0x50, 0x4b, 0x05, 0x06]],
  ['a zstd file', 0, [0x28, 0xb5, 0x2f, 0xfd]],
  ['an xz file', 0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['a bzip2 file', 0, [0x42, 0x5a, 0x68]],
  ['a SQLite database', 0, [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20, 0x66]],
  ['a program', 0, [0x7f, 0x45, 0x4c, 0x46]],
  ['a PDF document', 0, [0x25, 0x50, 0x44, 0x46]],
];

/**
 * What a file that is not what it should be looks like, for people: by its first bytes; undefined where they tell nothing.
 *
 * @param bytes 512 of them are enough
 */
export function looksLike(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'nothing';
  for (const [name, offset, magic] of magics) {
    if (magic.every((byte, index) => bytes[offset + index] === byte)) return name;
  }
  const text = new TextDecoder().decode(bytes.subarray(0, 512)).trimStart();
  if (/^<(!doctype html|html|head|body)\b/i.test(text)) return 'a page of HTML';
  if (/^<\?xml\b/.test(text)) return 'XML';
  const label = /^-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1];
  if (label !== undefined) return `PEM: ${label}`;
  if (bytes.subarray(0, 512).includes(0)) return 'binary data';
  return undefined;
}
