import {
  concatBytes,
  encodeBase64,
  type JsonObject,
  type PrecertificateEntry,
  precertificateLeaf,
  signCertificateTimestamp,
  signTreeHead,
  uintBytes,
  type Witness,
} from '@pratique/crypto';
import { Refusal } from '../http/refusal.ts';
import { type CheckpointSource, signedCheckpoints } from '../log/checkpoints.ts';
import { DurableLog } from '../log/log.ts';
import type { KeySuccession } from '../store/generations.ts';
import { witnessedCheckpoints } from '../witness/checkpoints.ts';
import { Witnesses } from '../witness/client.ts';

export interface CertificateLogOptions {
  readonly directory: string;
  readonly keys: KeySuccession;
  /** Origin of the checkpoint beside the tiles. */
  readonly name: string;
  /** DER of the roots it takes certificates of. */
  readonly roots: readonly Uint8Array[];
  /** Who is asked to cosign the checkpoints beside its tiles; nobody by default. */
  readonly witnesses?: readonly Witness[];
}

const maxEntries = 256;

/** The log of the certificates that our own Fulcio issued (RFC 6962): nobody else can add to it. */
export class CertificateLog {
  readonly log: DurableLog;
  /** Those beside the tiles, with the cosignatures of witnesses. */
  readonly published: CheckpointSource;
  readonly witnesses: Witnesses;
  readonly #options: CertificateLogOptions;

  constructor(options: CertificateLogOptions) {
    this.#options = options;
    const { directory, keys, name } = options;
    this.log = new DurableLog({ directory, checkpoint: () => this.published.newest() });
    const { tree } = this.log;
    const own = signedCheckpoints({ tree, keys, origin: name, name });
    this.witnesses = new Witnesses(tree, options.witnesses ?? []);
    this.published = witnessedCheckpoints(own, { tree, keys }, this.witnesses);
  }

  /**
   * Stores a precertificate and returns the log's timestamp over it (`add-pre-chain`, RFC 6962 §4.2). No maximum merge
   * delay: the entry is in the tree when this resolves.
   *
   * @param precertificate DER, with its poison, followed by the chain up to the root
   */
  async addPrecertificate(
    entry: PrecertificateEntry,
    precertificate: Uint8Array,
    chain: readonly Uint8Array[],
  ): Promise<Uint8Array> {
    const certificates = concatBytes(...chain.map(asn1Cert));
    await this.log.append({
      leaf: precertificateLeaf(entry),
      // PrecertChainEntry (RFC 6962 §3.1).
      extra: concatBytes(asn1Cert(precertificate), uintBytes(certificates.byteLength, 3), certificates),
      time: entry.time,
    });
    return await signCertificateTimestamp(entry, this.#options.keys.at(entry.time).key);
  }

  async treeHead(): Promise<JsonObject> {
    const { tree } = this.log;
    const head = { time: new Date(), size: tree.size, root: tree.root() };
    return {
      tree_size: head.size,
      timestamp: head.time.getTime(),
      sha256_root_hash: encodeBase64(head.root),
      tree_head_signature: encodeBase64(await signTreeHead(head, this.#options.keys.at(head.time).key)),
    };
  }

  /** Entries from `start` up to and with `end`, at most 256 of them (§4.6). */
  entries(start: number, end: number): JsonObject {
    const { size } = this.log.tree;
    if (start > end || start >= size) throw new Refusal(400, `entries are from 0 to ${size - 1}`);
    const count = Math.min(end, size - 1, start + maxEntries - 1) - start + 1;
    return {
      entries: Array.from({ length: count }, (_, i) => {
        const { leaf, extra } = this.log.entry(start + i);
        return { leaf_input: encodeBase64(leaf), extra_data: encodeBase64(extra) };
      }),
    };
  }

  /** `get-proof-by-hash` (§4.5). */
  proof(leafHash: Uint8Array, size: number): JsonObject {
    if (leafHash.byteLength !== 32) throw new Refusal(400, 'the hash of a leaf has 32 bytes');
    const index = this.log.indexOf(leafHash);
    if (index === undefined || index >= size) throw new Refusal(404, 'no such leaf');
    this.#checkSize(size);
    return { leaf_index: index, audit_path: this.log.tree.inclusionProof(index, size).map(encodeBase64) };
  }

  /** `get-sth-consistency` (§4.4). */
  consistency(first: number, second: number): JsonObject {
    this.#checkSize(second);
    if (first < 1 || first > second) throw new Refusal(400, 'the first tree is from 1 up to the second');
    return { consistency: this.log.tree.consistencyProof(first, second).map(encodeBase64) };
  }

  roots(): JsonObject {
    return { certificates: this.#options.roots.map(encodeBase64) };
  }

  close(): Promise<void> {
    return this.log.close();
  }

  #checkSize(size: number): void {
    if (size > this.log.tree.size) throw new Refusal(400, 'the tree has never had this size');
  }
}

function asn1Cert(der: Uint8Array): Uint8Array {
  return concatBytes(uintBytes(der.byteLength, 3), der);
}
