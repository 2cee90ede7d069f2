import * as v from 'valibot';
import type { FindingFact, ScanFact } from '../types.ts';

/** A finding as a report has it. */
export type FindingGiven = Omit<FindingFact, 'ageDays' | 'exceptions'>;

/** What a report says. Where it does not know something, that is null or `unknown`, and never "no". */
export interface ReportGiven extends Pick<ScanFact, 'uncovered' | 'leftOut'> {
  readonly findings: readonly FindingGiven[];
}

const text = v.pipe(v.string(), v.maxLength(4096));
const maybe = v.nullish(text);

const pratique = v.object({
  schemaVersion: v.literal(1),
  tool: v.object({ name: v.literal('pratique') }),
  findings: v.array(
    v.object({
      vulnerability: text,
      aliases: v.array(text),
      published: maybe,
      package: v.object({ name: text, version: text, purl: text }),
      fixedVersion: maybe,
      fixUnknown: v.optional(v.boolean()),
      severity: v.object({ severity: text }),
      exploited: v.optional(v.unknown()),
    }),
  ),
  database: v.object({ sources: v.array(text) }),
  uncovered: v.array(v.object({ packages: v.number() })),
  withoutFix: v.number(),
});

/** The report of `pratique scan` (docs/reference/scan-report.schema.json); what it suppressed is not a finding. */
export function pratiqueReport(result: unknown): ReportGiven | null {
  const parsed = v.safeParse(pratique, result);
  if (!parsed.success) return null;
  const { database, uncovered, withoutFix } = parsed.output;
  const knowsExploited = database.sources.includes('kev');
  const findings = parsed.output.findings.map(
    (one): FindingGiven => ({
      vulnerability: one.vulnerability,
      aliases: one.aliases,
      severity: severityOf(one.severity.severity),
      package: one.package,
      ...fixOf(one.fixedVersion, one.fixUnknown === true ? 'unknown' : 'none'),
      published: one.published ?? null,
      exploited: one.exploited !== undefined || (knowsExploited ? false : null),
    }),
  );
  return {
    findings,
    uncovered: uncovered.reduce((sum, { packages }) => sum + packages, 0),
    leftOut: withoutFix,
  };
}

const trivy = v.object({
  SchemaVersion: v.literal(2),
  Results: v.optional(
    v.array(
      v.object({
        Vulnerabilities: v.optional(
          v.array(
            v.object({
              VulnerabilityID: text,
              PkgName: text,
              InstalledVersion: text,
              PkgIdentifier: v.optional(v.object({ PURL: maybe })),
              FixedVersion: maybe,
              Severity: maybe,
              PublishedDate: maybe,
            }),
          ),
        ),
      }),
    ),
    [],
  ),
});

/** The JSON report of Trivy, whose database does not have CISA's catalogue. */
export function trivyReport(result: unknown): ReportGiven | null {
  const parsed = v.safeParse(trivy, result);
  if (!parsed.success) return null;
  const findings = parsed.output.Results.flatMap(({ Vulnerabilities = [] }) =>
    Vulnerabilities.map(
      (one): FindingGiven => ({
        vulnerability: one.VulnerabilityID,
        aliases: [],
        severity: severityOf(one.Severity),
        package: { name: one.PkgName, version: one.InstalledVersion, purl: one.PkgIdentifier?.PURL ?? null },
        ...fixOf(one.FixedVersion, 'none'),
        published: one.PublishedDate ?? null,
        exploited: null,
      }),
    ),
  );
  return { findings, uncovered: null, leftOut: null };
}

const knownExploited = v.nullish(v.array(v.unknown()));

const grype = v.object({
  matches: v.array(
    v.object({
      vulnerability: v.object({
        id: text,
        severity: maybe,
        fix: v.optional(v.object({ versions: v.nullish(v.array(text)), state: maybe })),
        knownExploited,
      }),
      relatedVulnerabilities: v.nullish(v.array(v.object({ id: text, knownExploited }))),
      artifact: v.object({ name: text, version: text, purl: maybe }),
    }),
  ),
  descriptor: v.nullish(
    v.object({ db: v.nullish(v.object({ providers: v.nullish(v.record(v.string(), v.unknown())) })) }),
  ),
});

/** The JSON report of Grype, which has no date of publication. Its database names who it is from (`kev`). */
export function grypeReport(result: unknown): ReportGiven | null {
  const parsed = v.safeParse(grype, result);
  if (!parsed.success) return null;
  const { matches, descriptor } = parsed.output;
  const knowsExploited = Object.hasOwn(descriptor?.db?.providers ?? {}, 'kev');
  const findings = matches.map(({ vulnerability, relatedVulnerabilities, artifact }): FindingGiven => {
    const related = relatedVulnerabilities ?? [];
    const isExploited = [vulnerability, ...related].some((one) => (one.knownExploited ?? []).length > 0);
    const { fix } = vulnerability;
    return {
      vulnerability: vulnerability.id,
      aliases: related.map(({ id }) => id),
      severity: severityOf(vulnerability.severity),
      package: { ...artifact, purl: artifact.purl ?? null },
      ...fixOf(fix?.versions?.[0], withoutFix.includes(fix?.state) ? 'none' : 'unknown'),
      published: null,
      exploited: isExploited || (knowsExploited ? false : null),
    };
  });
  return { findings, uncovered: null, leftOut: null };
}

/** States in which Grype knows that there is no fix; the others are `fixed` and `unknown`. */
const withoutFix: readonly unknown[] = ['not-fixed', 'wont-fix'];

const inToto = v.array(
  v.object({
    id: text,
    severity: v.optional(
      v.array(v.object({ method: maybe, score: v.nullish(v.union([text, v.number()])) })),
      [],
    ),
  }),
);

/** `scanner.result` of in-toto's `vulns` predicate v0.1: which, and how bad, but not where nor what fixes it. */
export function inTotoReport(result: unknown): ReportGiven | null {
  const parsed = v.safeParse(inToto, result);
  if (!parsed.success) return null;
  const findings = parsed.output.map(
    ({ id, severity }): FindingGiven => ({
      vulnerability: id,
      aliases: [],
      severity: worst(severity.map(({ score }) => severityOfScore(Number(score)))),
      package: null,
      ...fixOf(null, 'unknown'),
      published: null,
      exploited: null,
    }),
  );
  return { findings, uncovered: null, leftOut: null };
}

/** `otherwise` is what it means that no version is named. */
function fixOf(
  version: string | null | undefined,
  otherwise: 'none' | 'unknown',
): Pick<FindingFact, 'fix' | 'fixedVersion'> {
  return version ? { fix: 'available', fixedVersion: version } : { fix: otherwise, fixedVersion: null };
}

const severities = ['critical', 'high', 'medium', 'low', 'negligible'] as const;

function severityOf(given: string | null | undefined): FindingFact['severity'] {
  const lower = given?.toLowerCase();
  return severities.find((one) => one === lower) ?? 'unknown';
}

/** CVSS v3.1 §5, qualitative severity rating scale. */
function severityOfScore(score: number): FindingFact['severity'] {
  if (!(score > 0)) return 'unknown';
  return score >= 9 ? 'critical' : score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low';
}

function worst(given: readonly FindingFact['severity'][]): FindingFact['severity'] {
  return severities.find((one) => given.includes(one)) ?? 'unknown';
}
