import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeBase64, GrowingTree, leafHash, parseCheckpoint, toHex, uintBytes } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { makeDirectorySync, syncDirectorySync } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import type { SignedCheckpoint } from './checkpoints.ts';
import { Journal } from './journal.ts';
import { LeafIndex } from './leaf-index.ts';
import { OffsetList } from './offset-list.ts';
import { TilePublisher } from './tiles.ts';

export interface LoggedEntry {
  /** What the tree is over. */
  readonly leaf: Uint8Array;
  /** Kept beside the leaf, not in the tree. */
  readonly extra: Uint8Array;
  readonly time: Date;
}

/** A signed note, and how many entries the tree has that it is about. */
export type PublishedCheckpoint = Pick<SignedCheckpoint, 'size' | 'note'>;

export interface LogOptions {
  readonly directory: string;
  /** The checkpoint to publish with the tiles. */
  readonly checkpoint: (tree: GrowingTree) => PublishedCheckpoint | Promise<PublishedCheckpoint>;
  /** Called once for every entry, in order: at the start for those that are there, later for every new one. */
  readonly onEntry?: (entry: LoggedEntry, index: number) => void;
}

/** How long an entry waits, at least, to be in the static files. */
const publishingMs = 1000;

interface Pending {
  readonly entry: LoggedEntry;
  readonly hash: Uint8Array;
  /** The hash in hexadecimal. */
  readonly id: string;
  readonly resolve: (index: number) => void;
  readonly reject: (error: Error) => void;
}

/**
 * An append-only log on a directory. An entry is in the tree, and so in anything that is signed, only when it is on
 * disk: `kill -9` loses nothing acknowledged and the tree never forks. Entries that arrive while the disk is busy share
 * the next flush. After a failed write nothing more is taken.
 */
export class DurableLog {
  readonly tree = new GrowingTree();
  /** Where the record of each entry ends in the journal. */
  readonly #ends = new OffsetList();
  readonly #byHash = new LeafIndex(this.tree);
  /** By hexadecimal leaf hash: the indices of entries on their way to the disk. */
  readonly #arriving = new Map<string, Promise<number>>();
  readonly #options: LogOptions;
  readonly #publisher: TilePublisher;
  readonly #journal: Journal;
  #pending: Pending[] = [];
  #committing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #publication: Promise<void> | undefined;
  /** How many entries the static files hold. */
  #published = 0;
  #stopped = false;

  /** @throws SIGSTORE_SERVER_DAMAGED when the entries are not those of the checkpoint that was published */
  constructor(options: LogOptions) {
    this.#options = options;
    makeDirectorySync(options.directory);
    // Where it was there: who made it may have been killed before its name was on disk.
    syncDirectorySync(dirname(options.directory));
    this.#journal = Journal.open(join(options.directory, 'journal'), (record, end) => {
      const entry = decodeEntry(record);
      this.#add(entry, leafHash(entry.leaf), end);
    });
    this.#publisher = new TilePublisher(options.directory, this);
    this.#checkPublished();
    this.#journal.cut();
    this.#publishAfter(0);
  }

  /** False after a failed write, and when closed. */
  get writable(): boolean {
    return !this.#stopped;
  }

  /** Stores an entry; resolves with its index when it is on disk. An entry with the same leaf is not stored twice. */
  async append(entry: LoggedEntry): Promise<{ readonly index: number; readonly duplicate: boolean }> {
    const hash = leafHash(entry.leaf);
    const id = toHex(hash);
    const known = this.#byHash.find(hash) ?? this.#arriving.get(id);
    if (known !== undefined) return { index: await known, duplicate: true };
    if (this.#stopped) throw stopped();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    promise.catch(() => {});
    this.#arriving.set(id, promise);
    this.#pending.push({ entry, hash, id, resolve, reject });
    this.#committing ??= this.#commit();
    return { index: await promise, duplicate: false };
  }

  entry(index: number): LoggedEntry {
    this.#check(index, index + 1);
    return decodeEntry(this.#journal.read(this.#begin(index)));
  }

  async leaves(start: number, end: number): Promise<Uint8Array[]> {
    this.#check(start, end);
    const records = await this.#journal.readAll(this.#begin(start), this.#begin(end));
    return records.map((record) => decodeEntry(record).leaf);
  }

  /** The index of the entry with this leaf hash, if it is on disk. */
  indexOf(hash: Uint8Array): number | undefined {
    return this.#byHash.find(hash);
  }

  async close(): Promise<void> {
    const failed = this.#stopped;
    this.#stopped = true;
    await this.#committing;
    clearTimeout(this.#timer);
    await this.#publication;
    if (!failed) await this.#publish();
    this.#journal.close();
  }

  async #commit(): Promise<void> {
    // Entries that arrive in the same turn of the loop come along.
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        const ends = await this.#journal.append(batch.map(({ entry }) => encode(entry)));
        const indices = batch.map(({ entry, hash }, i) => this.#add(entry, hash, ends[i]!));
        for (const [i, { id, resolve }] of batch.entries()) {
          this.#arriving.delete(id);
          resolve(indices[i]!);
        }
        this.#publishAfter(publishingMs);
      } catch (cause) {
        this.#stopped = true;
        for (const { id, reject } of [...batch, ...this.#pending]) {
          this.#arriving.delete(id);
          reject(stopped(cause));
        }
        this.#pending = [];
      }
    }
    this.#committing = undefined;
  }

  #add(entry: LoggedEntry, hash: Uint8Array, end: number): number {
    const index = this.tree.append(hash);
    this.#ends.push(end);
    this.#byHash.add(hash, index);
    this.#options.onEntry?.(entry, index);
    return index;
  }

  /** Where the record of an entry begins, or that of the next one would. */
  #begin(index: number): number {
    return index === 0 ? 0 : this.#ends.at(index - 1);
  }

  #check(start: number, end: number): void {
    if (!(start >= 0 && start < end && end <= this.tree.size)) throw new RangeError('no such entry');
  }

  /** Publishes what there is after so many milliseconds, where that is not to come already. */
  #publishAfter(milliseconds: number): void {
    this.#timer ??= setTimeout(async () => {
      this.#publication = this.#publish();
      await this.#publication;
      this.#timer = undefined;
      if (this.tree.size > this.#published && !this.#stopped) this.#publishAfter(publishingMs);
    }, milliseconds).unref();
  }

  /** Off the way of whoever waits for an entry. */
  async #publish(): Promise<void> {
    try {
      const { size, note } = await this.#options.checkpoint(this.tree);
      await this.#publisher.publish(size, note);
      this.#published = size;
    } catch {
      // The static copy stays behind until the next time; every answer is made from the journal.
    }
  }

  #checkPublished(): void {
    const path = join(this.#options.directory, 'checkpoint');
    if (!existsSync(path)) return;
    const { treeSize: size, rootHash } = parseCheckpoint(readFileSync(path, 'utf8'));
    const found =
      size <= BigInt(this.tree.size)
        ? encodeBase64(this.tree.root(Number(size)))
        : `only ${this.tree.size} entries`;
    if (found === encodeBase64(rootHash)) return;
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_DAMAGED', {
      message: `the journal in ${printable(this.#options.directory)} is not the log whose checkpoint was published`,
      expected: `${size} entries with root ${encodeBase64(rootHash)}`,
      found,
    });
  }
}

function encode({ leaf, extra, time }: LoggedEntry): Uint8Array[] {
  return [uintBytes(time.getTime(), 8), uintBytes(leaf.byteLength, 4), leaf, extra];
}

/** The entry in a record of the journal. */
export function decodeEntry(record: Uint8Array): LoggedEntry {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const end = 12 + view.getUint32(8);
  return {
    time: new Date(Number(view.getBigUint64(0))),
    leaf: record.subarray(12, end),
    extra: record.subarray(end),
  };
}

function stopped(cause?: unknown) {
  return sigstoreServerErrors.error('SIGSTORE_SERVER_LOG_STOPPED', {
    message: 'the log cannot store entries any more',
    cause,
  });
}
