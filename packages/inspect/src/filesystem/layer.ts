import { printable } from '@pratique/errors';
import { createDigester, type Digest, type Digester } from '@pratique/oci';
import { inspectErrors } from '../errors.ts';
import { expandsTooFar } from './expansion.ts';
import { Spool } from './spool.ts';
import { type TarEntry, TarStream, type TarVisitor } from './tar-stream.ts';
import type { FileSearch, KeepRule, LayerContents, LayerEntry, Limits, NodeType } from './types.ts';
import { unpack } from './unpack/unpack.ts';
import type { Unpack } from './unpack/unpacked.ts';

export interface LayerOptions {
  readonly keep: KeepRule | undefined;
  /** Compute the sha256 of every regular file. */
  readonly digests: boolean;
  readonly limits: Limits;
  /** Decompresses layers; absent: it is done beside the calling thread. */
  readonly unpack?: Unpack | undefined;
}

const maxPathBytes = 4096;
const maxDepth = 256;
const headBytes = 64;

/** The fault for a layer that no honest tool makes. */
export function unsafeLayer(why: string) {
  return inspectErrors.error('INSPECT_LAYER_UNSAFE', { message: `the layer ${why}` });
}

function overLimit(what: string, limit: number) {
  return inspectErrors.error('INSPECT_LIMIT', { message: `the image has more than ${limit} ${what}` });
}

/**
 * Reads one layer in one pass: its entries, the digests of the blob and of the uncompressed tar, and what `keep`
 * chooses of its files. Memory is used for the entries only. The bytes are not believed: digests are for the caller
 * to compare.
 *
 * @param chunks the layer as stored: tar, plain or compressed with gzip or zstd
 * @param verified the blob's digest, where `chunks` end only if that is what they have: it is not computed again
 * @throws INSPECT_LAYER_UNSAFE, INSPECT_LIMIT, OCI_ARCHIVE_UNSAFE; what `chunks` throws
 */
export async function readLayer(
  chunks: AsyncIterable<Uint8Array>,
  options: LayerOptions,
  verified?: Digest,
): Promise<LayerContents & { readonly digest: Digest; readonly diffId: Digest }> {
  const { limits } = options;
  const whole = verified === undefined ? createDigester() : undefined;
  let digest = verified;
  const stored = () => {
    digest ??= whole!.digest();
    return digest;
  };
  let size = 0;
  const counted = async function* () {
    for await (const chunk of chunks) {
      size += chunk.length;
      whole?.update(chunk);
      yield chunk;
    }
  };
  const visitor = new LayerVisitor(options);
  try {
    const tar = new TarStream(visitor);
    let expanded = 0;
    const unpacked = await unpack(counted(), stored, options.unpack);
    for await (const chunk of unpacked.chunks) {
      expanded += chunk.length;
      if (expanded > limits.layerBytes) throw overLimit('bytes in one layer', limits.layerBytes);
      if (expandsTooFar(size, expanded, limits.expansion))
        throw unsafeLayer(`expands to more than ${limits.expansion} times its size`);
      tar.push(chunk);
    }
    tar.end();
    return {
      digest: stored(),
      diffId: unpacked.diffId(),
      size,
      entries: visitor.entries,
      close: () => visitor.spool.close(),
    };
  } catch (error) {
    visitor.spool.close();
    throw error;
  }
}

const types: Readonly<Record<string, NodeType | 'hardlink'>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
};

/** Builds the list of entries, and keeps and digests contents on the way. */
class LayerVisitor implements TarVisitor {
  readonly entries: LayerEntry[] = [];
  readonly spool: Spool;
  private readonly options: LayerOptions;
  private current: Mutable<LayerEntry> | undefined;
  private digester: Digester | undefined;
  private file: FileKeeper | undefined;

  constructor(options: LayerOptions) {
    this.options = options;
    this.spool = new Spool(options.limits.keptBytes);
  }

  entry(entry: TarEntry): void {
    const read = layerEntry(entry);
    this.current = read;
    this.digester = undefined;
    this.file = undefined;
    if (read?.type !== 'file') return;
    if (this.options.digests) this.digester = createDigester();
    if (this.options.keep !== undefined) this.file = new FileKeeper(read, this.options.keep, this.spool);
  }

  content(chunk: Uint8Array): void {
    this.digester?.update(chunk);
    this.file?.write(chunk);
  }

  end(): void {
    if (this.current === undefined) return;
    const kept = this.file?.finish();
    if (this.digester !== undefined) this.current.digest = this.digester.digest();
    this.entries.push(kept === undefined ? this.current : { ...this.current, ...kept });
    if (this.entries.length > this.options.limits.entries)
      throw overLimit('files', this.options.limits.entries);
  }
}

/** Asks the rule once the file's first bytes are there, then keeps what it wants; searches the file if the rule does. */
export class FileKeeper {
  private readonly entry: LayerEntry;
  private readonly rule: KeepRule;
  private readonly spool: Spool;
  private readonly start: number;
  private head: Uint8Array | undefined = new Uint8Array();
  private decision: ReturnType<KeepRule['keep']>;
  private readonly search: FileSearch | undefined;

  constructor(entry: LayerEntry, rule: KeepRule, spool: Spool) {
    this.entry = entry;
    this.rule = rule;
    this.spool = spool;
    this.start = spool.size;
    this.search = rule.search?.start(entry);
  }

  /** Whether what comes next can matter. */
  get wantsMore(): boolean {
    return this.head !== undefined || this.decision !== undefined || this.search !== undefined;
  }

  write(chunk: Uint8Array): void {
    this.search?.write(chunk);
    if (this.head === undefined) {
      if (this.decision !== undefined) this.spool.append(chunk);
      return;
    }
    const bytes = this.head.length === 0 ? chunk : Buffer.concat([this.head, chunk]);
    if (bytes.length < Math.min(headBytes, this.entry.size)) this.head = bytes.slice();
    else this.decide(bytes);
  }

  /** What was kept and found, once all was written. */
  finish(): Pick<LayerEntry, 'content' | 'reduced' | 'found'> | undefined {
    const found = this.search?.finish();
    const kept = this.kept();
    return found === undefined ? kept : { ...kept, found };
  }

  private kept(): Pick<LayerEntry, 'content' | 'reduced'> | undefined {
    if (this.head !== undefined) this.decide(this.head);
    if (this.decision === undefined) return undefined;
    const { spool, start } = this;
    const whole = spool.source(this.entry.path, start, spool.size - start);
    if (this.decision === 'whole') return { content: whole };
    const reduced = this.decision.reduce(whole);
    spool.rewind(start);
    if (reduced === undefined) return undefined;
    spool.append(reduced);
    return {
      content: spool.source(this.entry.path, start, reduced.length),
      reduced: this.decision.name,
    };
  }

  private decide(bytes: Uint8Array): void {
    this.head = undefined;
    this.decision = this.rule.keep(this.entry, bytes.subarray(0, headBytes));
    if (this.decision !== undefined) this.spool.append(bytes);
  }
}

/** The entry in our words; undefined for what AUFS left behind, which stands for nothing. */
function layerEntry(entry: TarEntry): Mutable<LayerEntry> | undefined {
  const type = types[entry.type];
  if (type === undefined)
    throw unsafeLayer(`has an entry of type "${printable(entry.type)}", which no layer has`);
  const path = layerPath(entry.path);
  const whiteout = whiteoutOf(path);
  if (whiteout === 'nothing') return undefined;
  const read: Mutable<LayerEntry> = {
    path: whiteout?.path ?? path,
    type: whiteout?.type ?? type,
    mode: entry.mode & 0o7777,
    uid: entry.uid,
    gid: entry.gid,
    size: type === 'file' ? entry.size : 0,
    mtime: entry.mtime,
  };
  // Added where they are: an image has a hundred thousand entries, and few have any of these.
  if (type === 'symlink') read.linkname = entry.linkname;
  else if (type === 'hardlink') read.linkname = layerPath(entry.linkname);
  else if (type === 'character-device' || type === 'block-device')
    read.device = { major: entry.major, minor: entry.minor };
  if (entry.xattrs !== undefined) read.xattrs = entry.xattrs;
  return read;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * A path as layers have them. Leading slashes and `.` are how some tools write the root; `..` is refused, though
 * runtimes differ in what they do with it, because no tool that makes layers writes it.
 */
function layerPath(text: string): string {
  if (text.length > maxPathBytes) throw unsafeLayer('has a path of unreasonable length');
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw unsafeLayer(`has the path "${printable(text)}", which leads out of it`);
  if (parts.length > maxDepth) throw unsafeLayer(`has directories nested deeper than ${maxDepth}`);
  return parts.join('/');
}

/** Whiteouts (image-spec §Whiteouts): `.wh.NAME` removes NAME, `.wh..wh..opq` empties its directory. */
function whiteoutOf(path: string): Pick<LayerEntry, 'path' | 'type'> | 'nothing' | undefined {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (!name.startsWith('.wh.')) return undefined;
  const directory = path.slice(0, Math.max(slash, 0));
  if (name === '.wh..wh..opq') return { path: directory, type: 'opaque' };
  if (name.startsWith('.wh..wh.')) return 'nothing';
  const hidden = name.slice(4);
  if (hidden === '' || hidden === '.' || hidden === '..')
    throw unsafeLayer(`has a whiteout of "${printable(hidden)}"`);
  return { path: directory === '' ? hidden : `${directory}/${hidden}`, type: 'whiteout' };
}
