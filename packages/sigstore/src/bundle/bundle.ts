import type { Envelope } from '@pratique/crypto';

export type BundleVersion = '0.1' | '0.2' | '0.3';

/** A Sigstore bundle (protobuf-specs `sigstore_bundle.proto`), read but not verified. */
export interface Bundle {
  readonly version: BundleVersion;
  readonly material:
    | {
        readonly kind: 'public-key';
        /** Unauthenticated: may help to find the key, proves nothing. */
        readonly hint: string;
      }
    | {
        readonly kind: 'certificate';
        /** DER, leaf first; versions before 0.3 may carry the chain, and later ones where that is allowed. */
        readonly certificates: readonly [Uint8Array, ...Uint8Array[]];
      };
  readonly content:
    | { readonly kind: 'dsse'; readonly envelope: Envelope }
    | {
        readonly kind: 'message-signature';
        readonly digestAlgorithm: string;
        readonly digest: Uint8Array;
        readonly signature: Uint8Array;
      };
  readonly logEntries: readonly LogEntry[];
  /** RFC 3161 TimeStampResp, DER. */
  readonly timestamps: readonly Uint8Array[];
}

/** A transparency log entry (`sigstore_rekor.proto`), from a bundle or from Cosign's annotation. Not verified. */
export interface LogEntry {
  /** Index over all shards of the log. */
  readonly logIndex: bigint;
  /** Hexadecimal. */
  readonly logId: string;
  /** From outside the body; absent in Cosign's annotation. Must agree with the body. */
  readonly kindVersion: { readonly kind: string; readonly version: string } | null;
  /** Seconds since 1970. Means nothing unless the promise, which signs it, verifies. */
  readonly integratedTime: bigint | null;
  /** Signed entry timestamp (SET). */
  readonly promise: Uint8Array | null;
  readonly proof: InclusionProof | null;
  /** The entry's leaf: canonical JSON. */
  readonly body: Uint8Array;
}

export interface InclusionProof {
  /** Index in the tree the checkpoint is about. */
  readonly logIndex: bigint;
  readonly rootHash: Uint8Array;
  readonly treeSize: bigint;
  readonly hashes: readonly Uint8Array[];
  /** Signed note; empty where there is none. */
  readonly checkpoint: string;
}
