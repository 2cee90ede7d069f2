import {
  encodeBase64,
  formatVerifierKey,
  isNoteSignedBy,
  type JsonObject,
  noteKeyHash,
  type PublicKey,
  parseCheckpoint,
  signCheckpoint,
  type Witness,
} from '@pratique/crypto';
import { DurableLog, type PublishedCheckpoint } from '../log/log.ts';
import { encodeSearchKeys } from '../search/keys.ts';
import { SearchIndex } from '../search/search-index.ts';
import type { KeySuccession } from '../store/generations.ts';
import { WitnessedLog } from '../witness/client.ts';
import { type CanonicalEntryV2, canonicalEntryV2 } from './entry.ts';

export interface RekorV2Options {
  readonly directory: string;
  /** Ed25519. */
  readonly keys: KeySuccession;
  /** Origin of the checkpoints and name on their signature lines, fixed for the life of the log. */
  readonly name: string;
  /** Who is asked to cosign its checkpoints; nobody by default. */
  readonly witnesses?: readonly Witness[];
}

interface ProvingCheckpoint extends PublishedCheckpoint {
  /** Of the key that signed it, in base64. */
  readonly logId: string;
}

/** Rekor v2 (rekor-tiles): entries whose signatures were verified, in a tree that is read as C2SP `tlog-tiles`. */
export class RekorV2 {
  readonly search = new SearchIndex();
  readonly log: DurableLog;
  readonly witnessed: WitnessedLog | undefined;
  readonly #options: RekorV2Options;

  constructor(options: RekorV2Options) {
    this.#options = options;
    this.log = new DurableLog({
      directory: options.directory,
      checkpoint: (size, root) => this.#checkpoint(size, root, new Date()),
      published: () => this.witnessed?.latest,
      onEntry: ({ extra }, index) => this.search.add(extra, index),
    });
    const witnesses = options.witnesses ?? [];
    if (witnesses.length > 0) {
      const sign = (size: number, root: Uint8Array) => this.#checkpoint(size, root, new Date());
      this.witnessed = new WitnessedLog({ log: this.log, sign, witnesses });
    }
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
    return duplicate ? index : this.#entry(entry, index, await this.#proving(index));
  }

  /** Verifier keys (C2SP `signed-note`) that are in use at a time or will be. */
  verifierKeys(now: Date): readonly string[] {
    const { name, keys } = this.#options;
    return keys.all
      .filter(({ until }) => until === undefined || until > now)
      .map(({ key }) => formatVerifierKey({ name, key: key.publicKey, role: 'log' }));
  }

  close(): Promise<void> {
    return this.log.close();
  }

  /** The checkpoint to show: the newest that witnesses were asked about, where there are witnesses. */
  checkpoint(): string {
    return this.witnessed?.latest?.note ?? this.log.checkpoint();
  }

  /** The checkpoint by which an entry is proven, and the id of the log that signed it. */
  async #proving(index: number): Promise<ProvingCheckpoint> {
    const { name, keys } = this.#options;
    const idOf = (key: PublicKey) => encodeBase64(noteKeyHash(name, key));
    if (this.witnessed === undefined) {
      const now = new Date();
      const size = this.log.tree.size;
      const root = this.log.tree.root(size);
      return {
        size,
        root,
        note: this.#checkpoint(size, root, now),
        logId: idOf(keys.at(now).key.publicKey),
      };
    }
    const checkpoint = await this.witnessed.covering(index);
    const note = parseCheckpoint(checkpoint.note);
    // The key may have changed since it was signed.
    const signer = keys.all.findLast(({ key }) => {
      const keyHint = noteKeyHash(name, key.publicKey).subarray(0, 4);
      return isNoteSignedBy(note, { key: key.publicKey, keyHint, name });
    });
    return { ...checkpoint, logId: idOf((signer ?? keys.at(new Date())).key.publicKey) };
  }

  /** In protobuf's JSON: 64-bit numbers are strings. There is no promise and no time, only the proof. */
  #entry(
    { kind, body }: CanonicalEntryV2,
    index: number,
    { size, root, note, logId }: ProvingCheckpoint,
  ): JsonObject {
    return {
      logIndex: String(index),
      logId: { keyId: logId },
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

  #checkpoint(size: number, root: Uint8Array, now: Date): string {
    const { name, keys } = this.#options;
    return signCheckpoint({ origin: name, size, root }, name, keys.at(now).key);
  }
}
