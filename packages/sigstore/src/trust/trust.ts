import type { PublicKey } from '@pratique/crypto';

/** A public key somebody vouches for, under the name the trust configuration gives it. */
export interface TrustedKey {
  readonly name: string;
  readonly key: PublicKey;
  /** First and last moment at which a signature by it counts (closed interval). Always, where absent. */
  readonly validFrom?: Date;
  readonly validUntil?: Date;
}

/** A transparency log (Rekor v1) as a trusted root names it. */
export interface TransparencyLog {
  /** Log id: hexadecimal SHA-256 of its public key's SPKI. */
  readonly id: string;
  readonly key: PublicKey;
  readonly baseUrl: string;
  readonly validFrom: Date;
  readonly validUntil?: Date;
}

/** What the verifier believes. Everything else it is given is hostile. */
export interface Trust {
  readonly keys: readonly TrustedKey[];
  /** Where this names a log, every signature must be proven to be in one of them. Empty: none needs to be. */
  readonly logs: readonly TransparencyLog[];
}

/** True when `time` lies in the closed interval. */
export function isWithin(
  time: Date,
  window: { readonly validFrom?: Date; readonly validUntil?: Date },
): boolean {
  return (
    (window.validFrom === undefined || time.getTime() >= window.validFrom.getTime()) &&
    (window.validUntil === undefined || time.getTime() <= window.validUntil.getTime())
  );
}

/** The interval for people. */
export function describeWindow(window: { readonly validFrom?: Date; readonly validUntil?: Date }): string {
  return `${window.validFrom?.toISOString() ?? 'always'} – ${window.validUntil?.toISOString() ?? 'open'}`;
}
