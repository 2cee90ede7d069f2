import type { Digest } from '@pratique/oci';
import type { EnvelopeFormat } from './media-types.ts';

/** Where a signature was found. */
export interface NotationSource {
  readonly format: 'notation';
  readonly manifest: Digest;
  readonly layer?: Digest;
}

/** One candidate as collected: bytes only, nothing believed. */
export interface NotationItem {
  readonly source: NotationSource;
  readonly envelope: EnvelopeFormat;
  readonly bytes: Uint8Array;
}

/** Everything found about one image. */
export interface NotationEvidence {
  readonly items: readonly NotationItem[];
  /** What is there and cannot be used as evidence. */
  readonly skipped: readonly NotationRejection[];
}

/** One check that was made: `ok: null` did not apply, `false` failed and is only told, as the trust policy says. */
export interface NotationCheck {
  readonly name: string;
  readonly ok: boolean | null;
  readonly detail: string;
}

/** A candidate that was looked at and refused. */
export interface NotationRejection {
  readonly source: NotationSource;
  readonly code: string;
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  readonly checks: readonly NotationCheck[];
}

/** A signature that meets a statement of a trust policy. */
export interface NotationSignature {
  readonly format: 'notation';
  readonly source: NotationSource;
  /** Subject of the signing certificate and of the certificate in the trust store that proves it (RFC 4514). */
  readonly signer: {
    readonly kind: 'identity';
    readonly subject: string;
    readonly issuer: string;
    readonly extensions: Readonly<Record<string, string>>;
  };
  /** User metadata. */
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339, only from a verified timestamp or a trusted signing authority. */
  readonly signedAt: string | null;
  readonly log: null;
  readonly checks: readonly NotationCheck[];
}
