import { isJsonObject } from '@pratique/crypto';
import type { PolicyException } from '../trust/parameters.ts';
import type { FindingFact, ScanFact } from '../types.ts';
import {
  type FindingGiven,
  grypeReport,
  inTotoReport,
  pratiqueReport,
  type ReportGiven,
  trivyReport,
} from './scan-formats.ts';
import { matchesWildcard } from './wildcard.ts';

const maxFindings = 100_000;
const dayMs = 86_400_000;

/** What a vulnerability scan found, or why that is not known. */
export interface ScanRead {
  readonly scan: ScanFact;
  readonly findings: readonly FindingFact[] | null;
}

/**
 * Reads the predicate of a scan: cosign's `vuln` (https://cosign.sigstore.dev/attestation/vuln/v1) around a report of
 * Pratique, Trivy or Grype, and in-toto's `vulns` v0.1. `now` is what ages are counted from. Never throws.
 */
export function readScan(predicate: unknown, exceptions: readonly PolicyException[], now: Date): ScanRead {
  const top = isJsonObject(predicate) ? predicate : {};
  const scanner = isJsonObject(top.scanner) ? top.scanner : {};
  const metadata = isJsonObject(top.metadata) ? top.metadata : {};
  const database = isJsonObject(scanner.db) ? scanner.db : {};
  const finishedAt = text(metadata.scanFinishedOn);
  const given = reportOf(scanner.result);
  const problem =
    given === null
      ? 'its result is not a report of Pratique, Trivy, Grype or in-toto vulns'
      : given.findings.length > maxFindings
        ? `it has more than ${maxFindings} findings`
        : null;
  return {
    scan: {
      scanner: text(scanner.uri) ?? '',
      finishedAt,
      ageDays: ageInDays(finishedAt, now),
      databaseAgeDays: ageInDays(text(database.lastUpdate), now),
      uncovered: given?.uncovered ?? null,
      leftOut: given?.leftOut ?? null,
      problem,
    },
    findings:
      given === null || problem !== null
        ? null
        : given.findings.map((one) => ({
            ...one,
            ageDays: ageInDays(one.published, now),
            exceptions: exceptions.filter((exception) => isAbout(exception, one)).map(({ entry }) => entry),
          })),
  };
}

function reportOf(result: unknown): ReportGiven | null {
  for (const read of [pratiqueReport, trivyReport, grypeReport, inTotoReport]) {
    const report = read(result);
    if (report !== null) return report;
  }
  return null;
}

function isAbout({ vulnerability, package: name }: PolicyException, finding: FindingGiven): boolean {
  return (
    vulnerability !== null &&
    (vulnerability === finding.vulnerability || finding.aliases.includes(vulnerability)) &&
    (name === null || (finding.package !== null && matchesWildcard(name, finding.package.name)))
  );
}

/** Whole days; null for what is no date, which policies take for any age they do not want. */
function ageInDays(date: string | null, now: Date): number | null {
  const then = date === null ? Number.NaN : Date.parse(date);
  return Number.isNaN(then) ? null : Math.floor((now.getTime() - then) / dayMs);
}

const text = (given: unknown): string | null => (typeof given === 'string' && given !== '' ? given : null);
