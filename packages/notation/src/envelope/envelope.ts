import type { EnvelopeFormat } from '../media-types.ts';
import type { Algorithm } from './algorithm.ts';
import { parseCose } from './cose.ts';
import { parseJws } from './jws.ts';

/** How the time of a signature is known: from its signer and timestamps, or from an authority that signs for others. */
export type SigningScheme = 'notary.x509' | 'notary.x509.signingAuthority';

/** What the protected headers say. */
export interface SignedAttributes {
  readonly algorithm: Algorithm;
  readonly contentType: string;
  readonly scheme: SigningScheme;
  /** By the signer's own clock; by the authority's for `notary.x509.signingAuthority`. */
  readonly signingTime: Date;
  readonly expiry: Date | null;
}

/** A signature envelope, read and not verified. */
export interface Envelope extends SignedAttributes {
  readonly format: EnvelopeFormat;
  readonly payload: Uint8Array;
  /** The bytes that are signed. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** DER, the signer's first. They prove nothing. */
  readonly certificates: readonly Uint8Array[];
  /** A timestamp token of RFC 3161 about the signature; null without one. */
  readonly timestamp: Uint8Array | null;
  /** The program that signed, which anybody could have written there. */
  readonly signingAgent: string | null;
}

/**
 * Reads an envelope (signature-envelope-jws.md, signature-envelope-cose.md). Headers that are marked as critical are all
 * understood, and those that have to be marked are.
 *
 * @throws NOTATION_ENVELOPE_INVALID, NOTATION_CRITICAL_HEADER, NOTATION_PLUGIN_NEEDED
 */
export function parseEnvelope(format: EnvelopeFormat, bytes: Uint8Array): Envelope {
  return format === 'jws' ? parseJws(bytes) : parseCose(bytes);
}
