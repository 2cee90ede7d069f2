import { tarBlock } from '@pratique/oci';

/** An entry as a test wants it, honest or not. */
export interface TestEntry {
  readonly path: string;
  /** Type flag; default file. */
  readonly type?: string;
  readonly content?: string | Uint8Array;
  readonly linkname?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  /** Written instead of the content's own size. */
  readonly size?: number;
  readonly pax?: Readonly<Record<string, string | Uint8Array>>;
}

/** Writes a tar archive with any header a test can think of. */
export function tar(entries: readonly TestEntry[], options: { readonly end?: boolean } = {}): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const entry of entries) {
    if (entry.pax !== undefined) {
      const body = Buffer.concat(Object.entries(entry.pax).map(([key, value]) => paxRecord(key, value)));
      blocks.push(...withContent({ path: 'PaxHeader', type: 'x' }, body));
    }
    blocks.push(...withContent(entry, Buffer.from(entry.content ?? '')));
  }
  if (options.end !== false) blocks.push(new Uint8Array(2 * tarBlock));
  return Buffer.concat(blocks);
}

export const file = (path: string, content: string | Uint8Array = path): TestEntry => ({ path, content });
export const directory = (path: string): TestEntry => ({ path: `${path}/`, type: '5', mode: 0o755 });
export const symlink = (path: string, linkname: string): TestEntry => ({ path, type: '2', linkname });
export const hardlink = (path: string, linkname: string): TestEntry => ({ path, type: '1', linkname });

function withContent(entry: TestEntry, body: Uint8Array): Uint8Array[] {
  return [
    header(entry, entry.size ?? body.length),
    body,
    new Uint8Array((tarBlock - (body.length % tarBlock)) % tarBlock),
  ];
}

function header(entry: TestEntry, size: number): Uint8Array {
  const block = Buffer.alloc(tarBlock);
  const octal = (at: number, length: number, value: number) =>
    block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  block.write(entry.path, 0, 100, 'utf8');
  octal(100, 8, entry.mode ?? 0o644);
  octal(108, 8, entry.uid ?? 0);
  octal(116, 8, entry.gid ?? 0);
  octal(124, 12, size);
  octal(136, 12, entry.mtime ?? 0);
  block.write('        ', 148, 'latin1');
  block.write(entry.type ?? '0', 156, 'latin1');
  block.write(entry.linkname ?? '', 157, 100, 'utf8');
  block.write('ustar\u000000', 257, 'latin1');
  octal(
    148,
    7,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  return block;
}

function paxRecord(key: string, value: string | Uint8Array): Uint8Array {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
