import type { Rating, Severity } from '../advisories/advisory.ts';
import type { Package } from '../packages/package.ts';

/** Why a finding has its severity. */
export interface SeverityChoice {
  readonly severity: Severity;
  /** Who says so: `debian`, `ghsa`, `nvd`, …; absent when nobody says anything. */
  readonly by?: string | undefined;
  /** The vendor of the package before NVD before anybody else. */
  readonly rule: 'vendor' | 'nvd' | 'other' | 'none';
  readonly score?: number | undefined;
  readonly vector?: string | undefined;
}

/** Why a finding does not count. */
export interface Suppression {
  readonly by: 'ignore' | 'vex';
  readonly reason: string;
  /** `YYYY-MM-DD`; of ignore files. */
  readonly expires?: string | undefined;
  /** The VEX status: `not_affected` or `fixed`. */
  readonly status?: string | undefined;
}

/** One vulnerability of one installed package. */
export interface Finding {
  readonly vulnerability: string;
  readonly aliases: readonly string[];
  readonly title?: string | undefined;
  readonly url?: string | undefined;
  readonly published?: string | undefined;
  readonly package: Package;
  /** The lowest version that fixes it; absent when there is none yet. */
  readonly fixedVersion?: string | undefined;
  /** No version is known to fix it, and later ones are not said to be affected: there may be a fix. */
  readonly fixUnknown?: true | undefined;
  readonly severity: SeverityChoice;
  readonly ratings: readonly Rating[];
  /** Who says that the package is affected. */
  readonly advisories: readonly {
    readonly id: string;
    readonly source: string;
    readonly url?: string | undefined;
  }[];
  /** CISA KEV. */
  readonly exploited?: { readonly added: string; readonly ransomware: boolean } | undefined;
  /** EPSS, both 0–1. */
  readonly exploitation?: { readonly score: number; readonly percentile: number } | undefined;
  /** 0–100: severity times the likelihood of exploitation. Absent when nothing is known about the latter. */
  readonly risk?: number | undefined;
}

export interface SuppressedFinding extends Finding {
  readonly suppressed: Suppression;
}

/** Packages about which the database can say nothing, which is not the same as nothing being wrong with them. */
export interface Uncovered {
  readonly type: Package['type'];
  /** `debian:12`; empty for a language ecosystem, absent for a distribution that is not known. */
  readonly distro?: string | undefined;
  readonly packages: number;
}
