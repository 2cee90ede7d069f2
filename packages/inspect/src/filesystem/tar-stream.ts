import { printable } from '@pratique/errors';
import {
  isZeroBlock,
  parseTarHeader,
  paxNumber,
  paxRecords,
  type TarHeader,
  tarBlock,
  tarText,
  unsafeArchive,
} from '@pratique/oci';

/** An entry of a tar archive with what extended headers say of it. */
export interface TarEntry extends TarHeader {
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** Who is told what a tar archive holds, in its order. */
export interface TarVisitor {
  entry(entry: TarEntry): void;
  /** The content of the entry last told, in pieces. Valid only during the call. */
  content(chunk: Uint8Array): void;
  /** The content of the entry last told is complete. */
  end(): void;
}

/** What extended headers said of the entry after them. */
interface Extension {
  path?: string;
  linkname?: string;
  size?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  xattrs?: Map<string, Uint8Array>;
}

const limits = { extensionBytes: 1024 * 1024, xattrs: 64 } as const;
const xattrPrefix = 'SCHILY.xattr.';
const empty = new Uint8Array();

/**
 * Reads a tar archive that comes in pieces (POSIX ustar and pax, GNU long names), without holding more of it than one
 * header. What follows the end-of-archive blocks is not looked at, as container runtimes do not either.
 */
export class TarStream {
  private readonly visitor: TarVisitor;
  private pending: Uint8Array = empty;
  private left = 0;
  private padding = 0;
  private open = false;
  private ended = false;
  private zeroBlock = false;
  private next: Extension = {};
  /** Whether `next` says anything. */
  private hasNext = false;
  private extension: { type: string; body: Uint8Array; filled: number } | undefined;

  constructor(visitor: TarVisitor) {
    this.visitor = visitor;
  }

  /** @throws OCI_ARCHIVE_UNSAFE */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.ended) {
      if (this.left > 0) {
        const piece = chunk.subarray(at, at + this.left);
        at += piece.length;
        this.left -= piece.length;
        this.body(piece);
      } else if (this.padding > 0) {
        const skipped = Math.min(this.padding, chunk.length - at);
        at += skipped;
        this.padding -= skipped;
      } else {
        const missing = tarBlock - this.pending.length;
        const piece = chunk.subarray(at, at + missing);
        at += piece.length;
        const block = this.pending.length === 0 ? piece : Buffer.concat([this.pending, piece]);
        if (block.length < tarBlock) this.pending = block.slice();
        else {
          this.pending = empty;
          this.header(block);
        }
      }
      if (this.left === 0) this.finishEntry();
    }
  }

  /** Call after the last piece. @throws OCI_ARCHIVE_UNSAFE where it ends within an entry */
  end(): void {
    if (this.ended) return;
    if (this.left > 0 || this.pending.length > 0 || this.extension || this.hasNext)
      throw unsafeArchive('is cut off');
  }

  private header(block: Uint8Array): void {
    if (isZeroBlock(block)) {
      this.ended = this.zeroBlock;
      this.zeroBlock = true;
      return;
    }
    if (this.zeroBlock) throw unsafeArchive('goes on after its end');
    const header = parseTarHeader(block);
    const extended = 'xLKg'.includes(header.type);
    const size = extended ? header.size : (this.next.size ?? header.size);
    if (size < 0) throw unsafeArchive('has a number out of range');
    if (extended) {
      if (size > limits.extensionBytes) throw unsafeArchive('has an extended header of unreasonable size');
      this.extension = { type: header.type, body: new Uint8Array(size), filled: 0 };
    } else {
      if (this.hasNext) this.visitor.entry({ ...header, ...this.next, size });
      else this.visitor.entry(header);
      if (this.hasNext) this.next = {};
      this.hasNext = false;
      this.open = true;
    }
    // Links and directories have no content, whatever their header says; Go's reader and GNU tar agree on that.
    const hasContent = extended || !'123456'.includes(header.type);
    this.left = hasContent ? size : 0;
    this.padding = (tarBlock - (this.left % tarBlock)) % tarBlock;
  }

  private body(piece: Uint8Array): void {
    if (this.extension === undefined) {
      this.visitor.content(piece);
      return;
    }
    this.extension.body.set(piece, this.extension.filled);
    this.extension.filled += piece.length;
  }

  private finishEntry(): void {
    if (this.extension !== undefined) {
      const { type, body } = this.extension;
      this.extension = undefined;
      if (type === 'x') Object.assign(this.next, paxOf(body));
      else if (type === 'L') this.next.path = tarText(body);
      else if (type === 'K') this.next.linkname = tarText(body);
      this.hasNext = Object.keys(this.next).length > 0;
      // Global headers ('g') say nothing about a file that a container runtime would heed.
    } else if (this.open) {
      this.open = false;
      this.visitor.end();
    }
  }
}

function paxOf(body: Uint8Array): Extension {
  const found: Extension = {};
  for (const [name, value] of paxRecords(body)) {
    switch (name) {
      case 'path':
      case 'linkpath':
        if (value.includes(0)) throw unsafeArchive('has a path with a zero byte');
        found[name === 'path' ? 'path' : 'linkname'] = tarText(value);
        break;
      case 'size':
      case 'uid':
      case 'gid':
        found[name] = paxNumber(value);
        break;
      case 'mtime':
        found.mtime = time(value);
        break;
      default:
        if (name.startsWith('GNU.sparse.')) throw unsafeArchive('has sparse files, which layers do not have');
        if (name.startsWith(xattrPrefix)) {
          found.xattrs ??= new Map();
          if (found.xattrs.size >= limits.xattrs) throw unsafeArchive('has too many extended attributes');
          found.xattrs.set(name.slice(xattrPrefix.length), value.slice());
        }
    }
  }
  return found;
}

function time(value: Uint8Array): number {
  const text = tarText(value);
  if (!/^-?\d{1,15}(\.\d{0,12})?$/.test(text))
    throw unsafeArchive(`has a time that is none: ${printable(text, 40)}`);
  return Number(text);
}
