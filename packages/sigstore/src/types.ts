import type { Certificate, CertificateTimestamp } from '@pratique/crypto';
import type { Descriptor, Digest } from '@pratique/oci';

/** Where on a registry a piece of evidence was found, for people and for logs. */
export interface EvidenceSource {
  /** `cosign-tag` (`sha256-….sig`), `cosign-oci11` (experimental referrer), `sigstore-bundle` (v0.3 referrer). */
  readonly format: 'cosign-tag' | 'cosign-oci11' | 'sigstore-bundle';
  readonly manifest: Digest;
  readonly layer?: Digest;
}

/** One candidate signature as collected: bytes only, nothing believed. */
export type EvidenceItem =
  | {
      readonly kind: 'simple-signing';
      readonly source: EvidenceSource;
      /** The layer blob, exactly as stored. */
      readonly payload: Uint8Array;
      /** The layer's annotations (`dev.cosignproject.cosign/signature`, certificate, chain, bundle, timestamp). */
      readonly annotations: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'dsse';
      readonly source: EvidenceSource;
      /** The layer blob of an attestation tag (`sha256-….att`): a DSSE envelope as JSON. */
      readonly payload: Uint8Array;
      /** As for simple signing; the signature itself is in the envelope. */
      readonly annotations: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'bundle'; readonly source: EvidenceSource; readonly bytes: Uint8Array };

/** What is said beside the signatures, and believed as little as they are. */
export interface GivenParts {
  /**
   * The certificate of each signature (`--certificate`). It is judged as one that a signature carries; a signature that
   * carries another one is refused.
   */
  readonly certificate?: Certificate;
  /** A promise of a certificate log about the certificate (`--sct`). It must be good, and counts as one inside would. */
  readonly certificateTimestamp?: CertificateTimestamp;
  /**
   * Read bundles of version 0.3 that carry the issuers of their certificate (`--allow-certificate-chain`). They lead to
   * trusted authorities, and are none.
   */
  readonly allowCertificateChain?: boolean;
}

/** Everything found on the registry about one image. Produced by I/O, consumed by the pure verifier. */
export interface Evidence {
  readonly subject: Descriptor;
  readonly items: readonly EvidenceItem[];
  /** Pieces that could not be used as evidence although they could be read (too large, unknown type). */
  readonly skipped: readonly Rejection[];
}

/** One check a verification made. `ok: null` means the check does not apply and says why. */
export interface Check {
  readonly name: string;
  readonly ok: boolean | null;
  readonly detail: string;
}

export type Signer =
  | { readonly kind: 'key'; readonly name: string; readonly fingerprint: string }
  | {
      readonly kind: 'identity';
      readonly subject: string;
      readonly issuer: string;
      readonly extensions: Readonly<Record<string, string>>;
    };

/** A signature all of whose checks passed. */
export interface VerifiedSignature {
  readonly format: EvidenceSource['format'];
  readonly source: EvidenceSource;
  readonly signer: Signer;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339, only from a verified log entry or timestamp. */
  readonly signedAt: string | null;
  readonly log: { readonly id: string; readonly index: string } | null;
  readonly checks: readonly Check[];
  /** The signed payload as JSON: the simple-signing document, or the in-toto statement. */
  readonly payload: unknown;
  /** Cosign's log annotation (`{SignedEntryTimestamp, Payload}`), only once it was verified. */
  readonly logAnnotation?: unknown;
  /** Cosign's timestamp annotation (`{SignedRFC3161Timestamp}`), only once it was verified. */
  readonly timestampAnnotation?: unknown;
}

export interface VerifiedAttestation extends VerifiedSignature {
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** A candidate that was looked at and refused. `code` is from the error registry. */
export interface Rejection {
  readonly source: EvidenceSource;
  readonly code: string;
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  readonly checks: readonly Check[];
}

export interface VerificationResult {
  readonly signatures: readonly VerifiedSignature[];
  readonly attestations: readonly VerifiedAttestation[];
  readonly rejected: readonly Rejection[];
}
