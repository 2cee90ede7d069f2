/**
 * Writes tar headers, and nothing but: the digest of an image is a hash over these bytes, so they are ours and do not
 * change with a library's version. POSIX ustar, with pax records only for what does not fit.
 */
export interface TarEntry {
  /** Relative, with forward slashes; a directory's ends in one. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink';
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Target of a link. */
  readonly target?: string;
}

const block = 512;
const encoder = new TextEncoder();
const typeflags = { file: '0', directory: '5', symlink: '2', hardlink: '1' } as const;

/** End of archive: two zero blocks. */
export const tarEnd: Uint8Array = new Uint8Array(2 * block);

/** Zero bytes that fill an entry's last block. */
export function tarPadding(size: number): Uint8Array {
  return tarEnd.subarray(0, (block - (size % block)) % block);
}

/** The header of one entry, with a pax header before it where path or target are long or not ASCII, or the file is huge. */
export function tarHeader(entry: TarEntry): Uint8Array[] {
  const records: [string, string][] = [];
  const fits = (text: string) => text.length <= 100 && /^[\x20-\x7e]*$/.test(text);
  if (!fits(entry.path)) records.push(['path', entry.path]);
  if (entry.target !== undefined && !fits(entry.target)) records.push(['linkpath', entry.target]);
  if (entry.size >= 8 ** 11) records.push(['size', String(entry.size)]);
  if (entry.mtime >= 8 ** 11) records.push(['mtime', String(entry.mtime)]);
  if (entry.uid >= 8 ** 7) records.push(['uid', String(entry.uid)]);
  if (entry.gid >= 8 ** 7) records.push(['gid', String(entry.gid)]);
  const own = ustar(entry, typeflags[entry.type]);
  if (records.length === 0) return [own];
  const body = encoder.encode(records.map(([key, value]) => paxRecord(key, value)).join(''));
  const header = ustar(
    {
      ...entry,
      path: 'PaxHeaders/entry',
      size: body.length,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      target: '',
    },
    'x',
  );
  return [header, body, tarPadding(body.length), own];
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function ustar(entry: TarEntry, typeflag: string): Uint8Array {
  const header = new Uint8Array(block);
  const text = (at: number, length: number, value: string) => {
    encoder.encodeInto(value, header.subarray(at, at + length));
  };
  // A value too large for its field is in a pax record; the field then holds zero.
  const octal = (at: number, length: number, value: number) => {
    const digits = (value < 8 ** (length - 1) ? value : 0).toString(8).padStart(length - 1, '0');
    text(at, length, digits);
  };
  text(0, 100, entry.path);
  octal(100, 8, entry.mode);
  octal(108, 8, entry.uid);
  octal(116, 8, entry.gid);
  octal(124, 12, entry.size);
  octal(136, 12, entry.mtime);
  text(148, 8, '        ');
  text(156, 1, typeflag);
  text(157, 100, entry.target ?? '');
  text(257, 8, 'ustar\u000000');
  const sum = header.reduce((total, byte) => total + byte, 0);
  text(148, 8, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}
