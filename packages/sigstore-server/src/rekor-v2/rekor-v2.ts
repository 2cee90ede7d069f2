import { encodeBase64, type JsonObject, noteKeyHash, type Witness } from '@pratique/crypto';
import { type CheckpointSource, type SignedCheckpoint, signedCheckpoints } from '../log/checkpoints.ts';
import { DurableLog } from '../log/log.ts';
import { encodeSearchKeys } from '../search/keys.ts';
import { SearchIndex } from '../search/search-index.ts';
import type { KeySuccession } from '../store/generations.ts';
import { witnessedCheckpoints } from '../witness/checkpoints.ts';
import { Witnesses } from '../witness/client.ts';
import { type CanonicalEntryV2, canonicalEntryV2 } from './entry.ts';

export interface RekorV2Options {
  readonly directory: string;
  /** Ed25519 or ECDSA P-256. */
  readonly keys: KeySuccession;
  /** Origin of the checkpoints and name on their signature lines, fixed for the life of the log. */
  readonly name: string;
  /** Who is asked to cosign its checkpoints; nobody by default. */
  readonly witnesses?: readonly Witness[];
}

/** Rekor v2 (rekor-tiles): entries whose signatures were verified, in a tree that is read as C2SP `tlog-tiles`. */
export class RekorV2 {
  readonly search = new SearchIndex();
  readonly log: DurableLog;
  readonly witnesses: Witnesses;
  readonly checkpoints: CheckpointSource;
  readonly #options: RekorV2Options;

  constructor(options: RekorV2Options) {
    this.#options = options;
    this.log = new DurableLog({
      directory: options.directory,
      checkpoint: () => this.checkpoints.newest(),
      onEntry: ({ extra }, index) => this.search.add(extra, index),
    });
    const { tree } = this.log;
    const { keys, name } = options;
    this.witnesses = new Witnesses(tree, options.witnesses ?? []);
    const own = signedCheckpoints({ tree, keys, origin: name, name });
    this.checkpoints = witnessedCheckpoints(own, { tree, keys }, this.witnesses);
  }

  /**
   * Verifies and stores the entry of a request; it is on disk when this resolves.
   *
   * @returns a TransparencyLogEntry of protobuf-specs, or the index of the entry that was there before
   */
  async add(request: JsonObject): Promise<JsonObject | number> {
    const entry = canonicalEntryV2(request);
    const extra = encodeSearchKeys(entry.searchKeys);
    const { index, duplicate } = await this.log.append({ leaf: entry.body, extra, time: new Date() });
    return duplicate ? index : this.#entry(entry, index, await this.checkpoints.covering(index));
  }

  close(): Promise<void> {
    return this.log.close();
  }

  /** In protobuf's JSON: 64-bit numbers are strings. There is no promise and no time, only the proof. */
  #entry(
    { kind, body }: CanonicalEntryV2,
    index: number,
    { size, root, note, key }: SignedCheckpoint,
  ): JsonObject {
    return {
      logIndex: String(index),
      logId: { keyId: encodeBase64(noteKeyHash(this.#options.name, key.publicKey)) },
      kindVersion: { kind, version: '0.0.2' },
      integratedTime: '0',
      inclusionPromise: null,
      inclusionProof: {
        logIndex: String(index),
        rootHash: encodeBase64(root),
        treeSize: String(size),
        hashes: this.log.tree.inclusionProof(index, size).map(encodeBase64),
        checkpoint: { envelope: note },
      },
      canonicalizedBody: encodeBase64(body),
    };
  }
}
