import { contentChunks, type FileContent } from './content.ts';

/** How much of a file is looked at. */
const sniffedBytes = 512;

const html =
  /^[\t\n\f\r ]*<(?:!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P|!--)[ >]/i;
const xml = /^[\t\n\f\r ]*<\?xml/;

/** How files begin; a dot is any byte. */
const beginnings: readonly (readonly [bytes: string, mediaType: string])[] = [
  ['%PDF-', 'application/pdf'],
  ['%!PS-Adobe-', 'application/postscript'],
  ['\xfe\xff..', 'text/plain'],
  ['\xff\xfe..', 'text/plain'],
  ['\xef\xbb\xbf.', 'text/plain'],
  ['\x00\x00\x01\x00', 'image/x-icon'],
  ['\x00\x00\x02\x00', 'image/x-icon'],
  ['BM', 'image/bmp'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['RIFF....WEBPVP', 'image/webp'],
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['FORM....AIFF', 'audio/aiff'],
  ['ID3', 'audio/mpeg'],
  ['OggS\x00', 'application/ogg'],
  ['MThd\x00\x00\x00\x06', 'audio/midi'],
  ['RIFF....AVI ', 'video/avi'],
  ['RIFF....WAVE', 'audio/wave'],
];

/** Those that are looked for after MP4. */
const laterBeginnings: typeof beginnings = [
  ['\x1a\x45\xdf\xa3', 'video/webm'],
  [`${'.'.repeat(34)}LP`, 'application/vnd.ms-fontobject'],
  ['\x00\x01\x00\x00', 'font/ttf'],
  ['OTTO', 'font/otf'],
  ['ttcf', 'font/collection'],
  ['wOFF', 'font/woff'],
  ['wOF2', 'font/woff2'],
  ['\x1f\x8b\x08', 'application/x-gzip'],
  ['PK\x03\x04', 'application/zip'],
  ['Rar!\x1a\x07\x00', 'application/x-rar-compressed'],
  ['Rar!\x1a\x07\x01\x00', 'application/x-rar-compressed'],
  ['\x00asm', 'application/wasm'],
];

/**
 * The media type of a file by how it begins (WHATWG MIME Sniffing §7), without parameters: what Go's
 * `http.DetectContentType` says of the same bytes, which differs from the standard for RAR archives.
 *
 * @param head of which the first 512 bytes count
 */
export function sniffMediaType(head: Uint8Array): string {
  const bytes = head.subarray(0, sniffedBytes);
  const text = Buffer.from(bytes).toString('latin1');
  if (html.test(text)) return 'text/html';
  if (xml.test(text)) return 'text/xml';
  return (
    typeByBeginning(beginnings, text) ??
    (isMp4(text) ? 'video/mp4' : typeByBeginning(laterBeginnings, text)) ??
    (bytes.some(isBinary) ? 'application/octet-stream' : 'text/plain')
  );
}

/** The same of a file, of which no more than its first chunk is read. @throws OCI_FILE_UNREADABLE */
export async function sniffContent(content: FileContent): Promise<string> {
  const head: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of contentChunks(content)) {
    head.push(chunk);
    length += chunk.length;
    if (length >= sniffedBytes) break;
  }
  return sniffMediaType(Buffer.concat(head));
}

function typeByBeginning(table: typeof beginnings, text: string): string | undefined {
  const found = table.find(
    ([beginning]) =>
      text.length >= beginning.length &&
      [...beginning].every((byte, index) => byte === '.' || byte === text[index]),
  );
  return found?.[1];
}

/** A box of brands, one of which is of MPEG-4 (§6.2.1). The four bytes after the first brand are its version. */
function isMp4(text: string): boolean {
  if (text.length < 12 || text.slice(4, 8) !== 'ftyp') return false;
  const boxSize = Buffer.from(text, 'latin1').readUInt32BE(0);
  if (text.length < boxSize || boxSize % 4 !== 0) return false;
  for (let at = 8; at < boxSize; at += 4) if (at !== 12 && text.startsWith('mp4', at)) return true;
  return false;
}

/** A binary data byte (§3). */
function isBinary(byte: number): boolean {
  return byte <= 0x08 || byte === 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f);
}
