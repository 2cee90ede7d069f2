import type {
  Certificate,
  PublicKey,
  SignatureScheme,
  TimestampSigner,
  WitnessPolicy,
} from '@pratique/crypto';
import type { TrustedIdentity } from './identity.ts';

/** First and last moment at which something counts (closed interval). Always, where a bound is absent. */
export interface Window {
  readonly validFrom?: Date;
  readonly validUntil?: Date;
}

/** A public key somebody vouches for, under the name the trust configuration gives it. */
export interface TrustedKey extends Window {
  readonly name: string;
  readonly key: PublicKey;
  /** How it signs, where it is not as keys of its kind do in Sigstore: no other way counts then. */
  readonly schemes?: readonly SignatureScheme[];
}

/** A transparency log (Rekor v1 or v2), or a certificate transparency log, as a trusted root names it. */
export interface TransparencyLog {
  /** Log id in hexadecimal: SHA-256 of the key's SPKI, or of a C2SP note key (Rekor v2). */
  readonly id: string;
  readonly key: PublicKey;
  /** Empty where the trusted root does not say it: entries of Rekor v2, which are tied to it, are then of no use. */
  readonly baseUrl: string;
  readonly validFrom: Date;
  readonly validUntil?: Date;
}

/** A certificate authority (Fulcio) that binds identities to keys. */
export interface CertificateAuthority extends Window {
  readonly uri: string;
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
}

/** A timestamp authority (RFC 3161). */
export interface TimestampAuthority extends TimestampSigner, Window {
  readonly uri: string;
}

/** How many independent witnesses a signature needs. Each log and authority counts once. */
export interface Thresholds {
  /** Transparency logs that hold it. Default 1 where a log is trusted. */
  readonly logs?: number;
  /** Certificate logs that promised to hold its certificate. Default 1. */
  readonly certificateLogs?: number;
  /** Timestamp authorities that stamped it. Default 0. */
  readonly timestamps?: number;
}

/** What the verifier believes. Everything else it is given is hostile. */
export interface Trust {
  readonly keys: readonly TrustedKey[];
  /** Where this names a log, every signature must be proven to be in one of them. Empty: none needs to be. */
  readonly logs: readonly TransparencyLog[];
  /** Who may sign with a certificate. Absent or empty: nobody. */
  readonly identities?: readonly TrustedIdentity[];
  readonly authorities?: readonly CertificateAuthority[];
  readonly certificateLogs?: readonly TransparencyLog[];
  readonly timestampAuthorities?: readonly TimestampAuthority[];
  readonly thresholds?: Thresholds;
  /**
   * Who must have cosigned the checkpoint by which an entry is proven to be in a log. An entry without a checkpoint then
   * proves nothing. Absent: nobody.
   */
  readonly witnesses?: WitnessPolicy;
}

/** True when `time` lies in the closed interval. */
export function isWithin(time: Date, window: Window): boolean {
  return (
    (window.validFrom === undefined || time.getTime() >= window.validFrom.getTime()) &&
    (window.validUntil === undefined || time.getTime() <= window.validUntil.getTime())
  );
}

/** The interval for people. */
export function describeWindow(window: Window): string {
  return `${window.validFrom?.toISOString() ?? 'always'} – ${window.validUntil?.toISOString() ?? 'open'}`;
}
