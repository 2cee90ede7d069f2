import type { PackageType } from '../packages/package.ts';
import type { VexStatement } from '../vex/statement.ts';

/** How bad, worst first. `negligible` is what Debian calls unimportant. */
export const severities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;
export type Severity = (typeof severities)[number];

/** One opinion about how bad a vulnerability is. */
export interface Rating {
  /** Who says so: `debian`, `ubuntu`, `ghsa`, `nvd`, … */
  readonly by: string;
  readonly severity: Severity;
  /** CVSS base score, 0–10. */
  readonly score?: number | undefined;
  readonly vector?: string | undefined;
}

/**
 * Affected from `introduced` on, up to but without `fixed`, or up to and with `lastAffected`; without both, all later
 * versions. `introduced` is absent when the first version is affected.
 */
export interface VersionRange {
  readonly introduced?: string | undefined;
  readonly fixed?: string | undefined;
  readonly lastAffected?: string | undefined;
}

/** What an advisory says of one package in one place. */
export interface AffectedPackage {
  readonly type: PackageType;
  /** The release of a distribution, as `distroKey` writes it (`debian:12`); empty for language ecosystems. */
  readonly distro: string;
  /** As `advisoryName` writes it; of distributions mostly the source package. */
  readonly name: string;
  readonly ranges: readonly VersionRange[];
  /** Versions that are affected whatever the ranges say. */
  readonly versions: readonly string[];
}

/** What one publisher says of one vulnerability. A notice of ten CVEs is ten of these. */
export interface Advisory {
  /** `CVE-2024-1234` where there is one, else the advisory's own id. */
  readonly vulnerability: string;
  /** The publisher's id: `DSA-5380-1`, `GHSA-…`, or the same as `vulnerability`. */
  readonly id: string;
  readonly aliases: readonly string[];
  readonly title?: string | undefined;
  readonly url?: string | undefined;
  readonly published?: string | undefined;
  readonly modified?: string | undefined;
  readonly ratings: readonly Rating[];
  readonly affected: readonly AffectedPackage[];
}

/** CISA's Known Exploited Vulnerabilities. */
export interface ExploitedEntry {
  readonly vulnerability: string;
  /** `YYYY-MM-DD` */
  readonly added: string;
  readonly ransomware: boolean;
}

/** FIRST's Exploit Prediction Scoring System: both numbers from 0 to 1. */
export interface ExploitScore {
  readonly vulnerability: string;
  readonly score: number;
  readonly percentile: number;
}

/** One thing read from a file of advisories, ready to be stored under the name of its source. */
export type ImportItem =
  | { readonly kind: 'advisory'; readonly source: string; readonly advisory: Advisory }
  /** What a document says of packages that would otherwise count as affected. */
  | {
      readonly kind: 'vex';
      readonly source: string;
      /** The id of the document, which replaces what was stored of an earlier version of it. */
      readonly document: string;
      readonly statement: VexStatement;
    }
  /** The publisher took it back, or says it anew. */
  | { readonly kind: 'withdrawn'; readonly source: string; readonly id: string }
  | {
      readonly kind: 'rating';
      readonly source: string;
      readonly vulnerability: string;
      readonly rating: Rating;
    }
  | { readonly kind: 'exploited'; readonly source: string; readonly entry: ExploitedEntry }
  | { readonly kind: 'score'; readonly source: string; readonly entry: ExploitScore }
  /** Everything that the source could say of a package was stored: that it says nothing is an answer. */
  | {
      readonly kind: 'examined';
      readonly source: string;
      readonly type: PackageType;
      readonly distro: string;
      readonly package: string;
    }
  /** Well-formed, of an ecosystem that is not known here: counted, so that nobody takes it for covered. */
  | { readonly kind: 'unsupported'; readonly ecosystem: string };

/** `CVE-YYYY-N…`, also inside ids such as `DEBIAN-CVE-2024-1234`. */
export function cveOf(id: string): string | undefined {
  return /(?:^|-)(CVE-[0-9]{4}-[0-9]{4,})$/.exec(id)?.[1];
}
