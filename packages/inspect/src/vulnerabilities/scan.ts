import { type Severity, severities } from '../advisories/advisory.ts';
import type { AdvisoryDatabase, DatabaseStatus } from '../advisories/database.ts';
import { endOfLife } from '../packages/end-of-life.ts';
import type { Distro, Package } from '../packages/package.ts';
import { parsePurl } from '../packages/parse-purl.ts';
import type { SecretFinding } from '../secrets/find-secrets.ts';
import type { VexStatement } from '../vex/statement.ts';
import type { Finding, SuppressedFinding, Suppression, Uncovered } from './finding.ts';
import { type IgnoreRule, ignored, isAbout, isAboutSecret, isExpired } from './ignore.ts';
import { matchPackages } from './match.ts';
import { compareSeverity } from './severity.ts';
import { vexOf } from './vex.ts';

/** What is scanned. */
export interface ScanSubject {
  readonly kind: 'image' | 'rootfs' | 'sbom';
  /** For people: the reference or path. */
  readonly name: string;
  /** Of the image manifest, or of the document; a root file system has none. */
  readonly digest: string | null;
  readonly distro?: Distro | undefined;
  readonly packages: readonly Package[];
  /** What a search of its files found; undefined where they were not searched. */
  readonly secrets?: readonly SecretFinding[] | undefined;
}

export interface ScanOptions {
  readonly ignore: readonly IgnoreRule[];
  readonly vex: readonly VexStatement[];
  /** Only findings that an upgrade removes, or may. */
  readonly onlyFixed: boolean;
  readonly now: Date;
  /** Of this program. */
  readonly version: string;
}

/** The result of a scan: `docs/reference/scan-report.schema.json`. */
export interface ScanReport {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: 'pratique'; readonly version: string };
  readonly createdAt: string;
  readonly subject: Pick<ScanSubject, 'kind' | 'name' | 'digest'>;
  readonly distro: Distro | null;
  /** `YYYY-MM-DD`: the last day on which the release gets security updates, where it is known. */
  readonly endOfLife: string | null;
  readonly database: {
    readonly digest: string;
    readonly builtAt: string;
    readonly ageSeconds: number;
    readonly sources: readonly string[];
  };
  readonly packages: number;
  readonly uncovered: readonly Uncovered[];
  /** Findings of each severity. */
  readonly counts: Readonly<Record<Severity, number>>;
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  /** Secrets in its files, worst first; null where they were not searched: a bill of materials has none. */
  readonly secrets: readonly SecretFinding[] | null;
  readonly suppressedSecrets: readonly SuppressedSecret[];
  /** Findings left out because nothing fixes them yet (`onlyFixed`). */
  readonly withoutFix: number;
  /** Ignore rules that are over, or that matched nothing. */
  readonly staleRules: readonly (IgnoreRule & { readonly why: 'expired' | 'unused' })[];
}

/** A secret that somebody decided to live with. */
export type SuppressedSecret = SecretFinding & { readonly suppressed: Suppression };

/** Finds the known vulnerabilities of a subject's packages, and judges the secrets in its files. */
export function scan(subject: ScanSubject, database: AdvisoryDatabase, options: ScanOptions): ScanReport {
  const { now } = options;
  const status = database.status();
  const { findings, uncovered } = matchPackages(subject.packages, database);
  const active = options.ignore.filter((rule) => !isExpired(rule, now));
  const used = new Set<IgnoreRule>();
  const standing: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  for (const finding of findings) {
    const rule = active.find((one) => isAbout(one, finding));
    if (rule !== undefined) used.add(rule);
    const reason: Suppression | undefined = rule
      ? ignored(rule)
      : vexOf([...storedVex(database, finding), ...options.vex], finding);
    if (reason === undefined) standing.push(finding);
    else suppressed.push({ ...finding, suppressed: reason });
  }
  const secrets: SecretFinding[] = [];
  const suppressedSecrets: SuppressedSecret[] = [];
  for (const secret of subject.secrets ?? []) {
    const rule = active.find((one) => isAboutSecret(one, secret));
    if (rule !== undefined) used.add(rule);
    if (rule === undefined) secrets.push(secret);
    else suppressedSecrets.push({ ...secret, suppressed: ignored(rule) });
  }
  const shown = options.onlyFixed
    ? standing.filter((one) => one.fixedVersion !== undefined || one.fixUnknown)
    : standing;
  return {
    schemaVersion: 1,
    tool: { name: 'pratique', version: options.version },
    createdAt: now.toISOString(),
    subject: { kind: subject.kind, name: subject.name, digest: subject.digest },
    distro: subject.distro ?? null,
    endOfLife: (subject.distro && endOfLife(subject.distro)) ?? null,
    database: describeDatabase(status, now),
    packages: subject.packages.length,
    uncovered,
    counts: countBySeverity(shown),
    findings: shown,
    suppressed,
    secrets: subject.secrets === undefined ? null : secrets,
    suppressedSecrets,
    withoutFix: standing.length - shown.length,
    staleRules: options.ignore.flatMap((rule) =>
      used.has(rule)
        ? []
        : [{ ...rule, why: isExpired(rule, now) ? ('expired' as const) : ('unused' as const) }],
    ),
  };
}

/** What documents in the database say; what was named for this scan comes after it, and counts before it. */
function storedVex(database: AdvisoryDatabase, finding: Finding): readonly VexStatement[] {
  const { type, purl, source } = finding.package;
  const names = [parsePurl(purl)?.name, source?.name].filter((name) => name !== undefined);
  return database.vex([finding.vulnerability, ...finding.aliases], type, names);
}

function describeDatabase(status: DatabaseStatus, now: Date): ScanReport['database'] {
  return {
    digest: status.digest,
    builtAt: status.builtAt,
    ageSeconds: Math.max(0, Math.floor((now.getTime() - Date.parse(status.builtAt)) / 1000)),
    sources: status.sources.map(({ name }) => name),
  };
}

function countBySeverity(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts = Object.fromEntries(severities.map((severity) => [severity, 0])) as Record<Severity, number>;
  for (const { severity } of findings) counts[severity.severity]++;
  return counts;
}

/** Whether any vulnerability or secret is as bad as `threshold`, or worse. */
export function reaches({ findings, secrets }: ScanReport, threshold: Severity): boolean {
  const all = [
    ...findings.map(({ severity }) => severity.severity),
    ...(secrets ?? []).map((one) => one.severity),
  ];
  return all.some((severity) => compareSeverity(severity, threshold) <= 0);
}
