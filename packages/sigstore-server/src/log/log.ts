import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  concatBytes,
  encodeBase64,
  GrowingTree,
  leafHash,
  parseCheckpoint,
  toHex,
  uintBytes,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { sigstoreServerErrors } from '../errors.ts';
import { Journal } from './journal.ts';
import { TilePublisher } from './tiles.ts';

export interface LoggedEntry {
  /** What the tree is over. */
  readonly leaf: Uint8Array;
  /** Kept beside the leaf, not in the tree. */
  readonly extra: Uint8Array;
  readonly time: Date;
}

/** A checkpoint with the tree it is about. */
export interface PublishedCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed note, with the cosignatures there are. */
  readonly note: string;
}

export interface LogOptions {
  readonly directory: string;
  /** Signs the checkpoint of the published tiles. */
  readonly checkpoint: (size: number, root: Uint8Array) => string;
  /** The checkpoint to publish with the tiles where it is another than the newest: the one that witnesses cosigned. */
  readonly published?: () => PublishedCheckpoint | undefined;
  /** Called once for every entry, in order: at the start for those that are there, later for every new one. */
  readonly onEntry?: (entry: LoggedEntry, index: number) => void;
}

interface Pending {
  readonly entry: LoggedEntry;
  readonly hash: Uint8Array;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * An append-only log on a directory. An entry is in the tree, and so in anything that is signed, only when it is on
 * disk: `kill -9` loses nothing acknowledged and the tree never forks. Entries that arrive while the disk is busy share
 * the next flush. After a failed write nothing more is taken.
 */
export class DurableLog {
  readonly tree = new GrowingTree();
  readonly #offsets: number[] = [];
  /** Index by hexadecimal leaf hash; of entries on their way too. */
  readonly #byHash = new Map<string, Promise<number> | number>();
  readonly #options: LogOptions;
  readonly #publisher: TilePublisher;
  readonly #journal: Journal;
  #pending: Pending[] = [];
  #committing: Promise<void> | undefined;
  #publishing: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @throws SIGSTORE_SERVER_DAMAGED when the entries are not those of the checkpoint that was published */
  constructor(options: LogOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true });
    this.#journal = Journal.open(join(options.directory, 'journal'), (record, offset) => {
      const entry = decodeEntry(record);
      this.#add(entry, leafHash(entry.leaf), offset);
    });
    this.#publisher = new TilePublisher(options.directory, this);
    this.#checkPublished();
    this.#journal.cut();
    this.#publish();
  }

  /** False after a failed write, and when closed. */
  get writable(): boolean {
    return !this.#stopped;
  }

  /** The signed checkpoint of everything that is on disk. */
  checkpoint(): string {
    return this.#options.checkpoint(this.tree.size, this.tree.root());
  }

  /** Stores an entry; resolves with its index when it is on disk. An entry with the same leaf is not stored twice. */
  async append(entry: LoggedEntry): Promise<{ readonly index: number; readonly duplicate: boolean }> {
    const hash = leafHash(entry.leaf);
    const id = toHex(hash);
    const known = this.#byHash.get(id);
    if (known !== undefined) return { index: await known, duplicate: true };
    if (this.#stopped) throw stopped();
    const done = Promise.withResolvers<void>();
    const index = done.promise.then(() => this.#byHash.get(id) as number);
    index.catch(() => {});
    this.#byHash.set(id, index);
    this.#pending.push({ entry, hash, done });
    this.#committing ??= this.#commit();
    return { index: await index, duplicate: false };
  }

  entry(index: number): LoggedEntry {
    const offset = this.#offsets[index];
    if (offset === undefined) throw new RangeError('no such entry');
    return decodeEntry(this.#journal.read(offset));
  }

  leaf(index: number): Uint8Array {
    return this.entry(index).leaf;
  }

  /** The index of the entry with this hexadecimal leaf hash, if it is on disk. */
  indexOf(hash: string): number | undefined {
    const index = this.#byHash.get(hash);
    return typeof index === 'number' ? index : undefined;
  }

  async close(): Promise<void> {
    await this.#committing;
    clearTimeout(this.#publishing);
    if (!this.#stopped) this.#publish();
    this.#stopped = true;
    this.#journal.close();
  }

  async #commit(): Promise<void> {
    // Entries that arrive in the same turn of the loop come along.
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        const offsets = await this.#journal.append(batch.map(({ entry }) => encode(entry)));
        for (const [i, { entry, hash }] of batch.entries()) this.#add(entry, hash, offsets[i]!);
        for (const { done } of batch) done.resolve();
      } catch (cause) {
        this.#stopped = true;
        for (const { done } of [...batch, ...this.#pending]) done.reject(stopped(cause));
        this.#pending = [];
      }
    }
    this.#committing = undefined;
    this.#publishing ??= setTimeout(() => {
      this.#publishing = undefined;
      if (!this.#stopped) this.#publish();
    }, 1000).unref();
  }

  #add(entry: LoggedEntry, hash: Uint8Array, offset: number): void {
    const index = this.tree.append(hash);
    this.#offsets.push(offset);
    this.#byHash.set(toHex(hash), index);
    this.#options.onEntry?.(entry, index);
  }

  #publish(): void {
    try {
      const given = this.#options.published?.();
      const size = given?.size ?? this.tree.size;
      this.#publisher.publish(size, given?.note ?? this.#options.checkpoint(size, this.tree.root(size)));
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

function encode({ leaf, extra, time }: LoggedEntry): Uint8Array {
  return concatBytes(uintBytes(time.getTime(), 8), uintBytes(leaf.byteLength, 4), leaf, extra);
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
