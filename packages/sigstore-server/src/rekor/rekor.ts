import {
  canonicalJson,
  encodeBase64,
  formatPublicKey,
  type JsonObject,
  leafHash,
  type Signer,
  signCheckpoint,
  toHex,
  type Witness,
} from '@pratique/crypto';
import { Refusal } from '../http/refusal.ts';
import { type CheckpointSource, type SignedCheckpoint, signedCheckpoints } from '../log/checkpoints.ts';
import { DurableLog } from '../log/log.ts';
import { encodeSearchKeys } from '../search/keys.ts';
import { SearchIndex } from '../search/search-index.ts';
import type { KeySuccession } from '../store/generations.ts';
import { witnessedCheckpoints } from '../witness/checkpoints.ts';
import { Witnesses } from '../witness/client.ts';
import { canonicalEntry } from './entry.ts';

export interface RekorOptions {
  readonly directory: string;
  readonly keys: KeySuccession;
  /** 64 bits in hexadecimal, fixed for the life of the log. */
  readonly treeId: string;
  /** Stands in the checkpoint's origin and on its signature line, fixed as well. */
  readonly name: string;
  /** Who is asked to cosign the checkpoints beside its tiles; nobody by default. */
  readonly witnesses?: readonly Witness[];
}

/** Rekor v1: entries whose signatures were verified, in a tree anyone can check. */
export class Rekor {
  readonly search = new SearchIndex();
  readonly log: DurableLog;
  /** Those of proofs: clients of Rekor v1 refuse a checkpoint with a signature that is not the log’s. */
  readonly checkpoints: CheckpointSource;
  /** Those beside the tiles, with the cosignatures of witnesses. */
  readonly published: CheckpointSource;
  readonly witnesses: Witnesses;
  /** What its checkpoints begin with. */
  readonly origin: string;
  readonly #options: RekorOptions;

  constructor(options: RekorOptions) {
    this.#options = options;
    this.log = new DurableLog({
      directory: options.directory,
      checkpoint: () => this.published.newest(),
      onEntry: ({ extra }, index) => this.search.add(extra, index),
    });
    const { keys, name, treeId } = options;
    const { tree } = this.log;
    this.origin = `${name} - ${BigInt(`0x${treeId}`)}`;
    this.checkpoints = signedCheckpoints({ tree, keys, origin: this.origin, name });
    this.witnesses = new Witnesses(tree, options.witnesses ?? []);
    this.published = witnessedCheckpoints(this.checkpoints, { tree, keys }, this.witnesses);
  }

  /** Of the key that is in use. */
  get publicKeyPem(): string {
    return formatPublicKey(this.#keyAt(new Date()).publicKey);
  }

  get size(): number {
    return this.log.tree.size;
  }

  /** Verifies and stores a proposed entry; it is on disk when this resolves. */
  async add(proposed: JsonObject): Promise<{ readonly index: number; readonly duplicate: boolean }> {
    const { body, searchKeys } = canonicalEntry(proposed);
    // The time the log vouches for has seconds.
    const time = new Date(Math.floor(Date.now() / 1000) * 1000);
    return this.log.append({
      leaf: body,
      extra: encodeSearchKeys(searchKeys),
      time,
    });
  }

  /** The name that a proposed entry has in this log, if it is in it. */
  proposedUuid(proposed: JsonObject): string {
    return toHex(leafHash(canonicalEntry(proposed).body));
  }

  uuid(index: number): string {
    return this.#options.treeId + toHex(this.log.tree.node(0, index));
  }

  /** The index for 64 (leaf hash) or 80 (tree and leaf hash) hexadecimal digits. */
  indexOf(uuid: string): number {
    const [, tree, hash] = /^([0-9a-f]{16})?([0-9a-f]{64})$/.exec(uuid) ?? [];
    if (hash === undefined) throw new Refusal(400, 'an entry is named by 64 or 80 hexadecimal digits');
    const index = this.log.indexOf(new Uint8Array(Buffer.from(hash, 'hex')));
    if (index === undefined || (tree !== undefined && tree !== this.#options.treeId)) {
      throw new Refusal(404, 'no such entry');
    }
    return index;
  }

  /**
   * LogEntry of Rekor's API: the entry, the promise to keep it, and the proof that it is kept; signed by the key that
   * was in use when the entry was made, the only one that verifiers believe about that time.
   */
  async answer(index: number): Promise<JsonObject> {
    const { tree } = this.log;
    if (index >= tree.size) throw new Refusal(404, 'no such entry');
    const { leaf, time } = this.log.entry(index);
    const key = this.#keyAt(time);
    const promised = {
      body: encodeBase64(leaf),
      integratedTime: time.getTime() / 1000,
      logID: key.publicKey.fingerprint.slice('sha256:'.length),
      logIndex: index,
    };
    const [promise, { size, root, note }] = await Promise.all([
      key.sign(new TextEncoder().encode(canonicalJson(promised))),
      this.#covering(index, key),
    ]);
    return {
      [this.uuid(index)]: {
        ...promised,
        verification: {
          inclusionProof: {
            checkpoint: note,
            hashes: tree.inclusionProof(index, size).map(toHex),
            logIndex: index,
            rootHash: toHex(root),
            treeSize: size,
          },
          signedEntryTimestamp: encodeBase64(promise),
        },
      },
    };
  }

  async info(): Promise<JsonObject> {
    const { size, root, note } = await this.checkpoints.newest();
    return {
      inactiveShards: [],
      rootHash: toHex(root),
      signedTreeHead: note,
      treeID: BigInt(`0x${this.#options.treeId}`).toString(),
      treeSize: size,
    };
  }

  consistency(first: number, last: number): JsonObject {
    const { tree } = this.log;
    if (first < 1 || first > last || last > tree.size) {
      throw new Refusal(400, `the sizes are from 1 to ${tree.size}, the first no larger than the last`);
    }
    return { hashes: tree.consistencyProof(first, last).map(toHex), rootHash: toHex(tree.root(last)) };
  }

  close(): Promise<void> {
    return this.log.close();
  }

  #keyAt(time: Date): Signer {
    return this.#options.keys.at(time).key;
  }

  /** A checkpoint with the entry at `index`, by the key that is in use or by one before it. */
  async #covering(index: number, key: Signer): Promise<Pick<SignedCheckpoint, 'size' | 'root' | 'note'>> {
    const checkpoint = await this.checkpoints.covering(index);
    if (checkpoint.key === key) return checkpoint;
    const { size, root } = checkpoint;
    return {
      size,
      root,
      note: await signCheckpoint({ origin: this.origin, size, root }, this.#options.name, key),
    };
  }
}
