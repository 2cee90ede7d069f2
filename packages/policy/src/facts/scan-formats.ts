import * as v from 'valibot';
import type { FindingFact } from '../types.ts';

/** A finding as a report has it. */
export type FindingGiven = Omit<FindingFact, 'ageDays' | 'exceptions'>;

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
      severity: v.object({ severity: text }),
      exploited: v.optional(v.unknown()),
    }),
  ),
});

/** The report of `pratique scan` (docs/reference/scan-report.schema.json); what it suppressed is not a finding. */
export function pratiqueFindings(result: unknown): readonly FindingGiven[] | null {
  const parsed = v.safeParse(pratique, result);
  if (!parsed.success) return null;
  return parsed.output.findings.map((one) => ({
    vulnerability: one.vulnerability,
    aliases: one.aliases,
    severity: severityOf(one.severity.severity),
    package: one.package,
    fixedVersion: one.fixedVersion ?? null,
    published: one.published ?? null,
    exploited: one.exploited !== undefined,
  }));
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

/** The JSON report of Trivy. */
export function trivyFindings(result: unknown): readonly FindingGiven[] | null {
  const parsed = v.safeParse(trivy, result);
  if (!parsed.success) return null;
  return parsed.output.Results.flatMap(({ Vulnerabilities = [] }) =>
    Vulnerabilities.map((one) => ({
      vulnerability: one.VulnerabilityID,
      aliases: [],
      severity: severityOf(one.Severity),
      package: { name: one.PkgName, version: one.InstalledVersion, purl: one.PkgIdentifier?.PURL ?? null },
      fixedVersion: one.FixedVersion || null,
      published: one.PublishedDate ?? null,
      exploited: false,
    })),
  );
}

const grype = v.object({
  matches: v.array(
    v.object({
      vulnerability: v.object({
        id: text,
        severity: maybe,
        fix: v.optional(v.object({ versions: v.nullish(v.array(text)) })),
        knownExploited: v.nullish(v.array(v.unknown())),
      }),
      relatedVulnerabilities: v.nullish(v.array(v.object({ id: text }))),
      artifact: v.object({ name: text, version: text, purl: maybe }),
    }),
  ),
});

/** The JSON report of Grype, which has no date of publication. */
export function grypeFindings(result: unknown): readonly FindingGiven[] | null {
  const parsed = v.safeParse(grype, result);
  if (!parsed.success) return null;
  return parsed.output.matches.map(({ vulnerability, relatedVulnerabilities, artifact }) => ({
    vulnerability: vulnerability.id,
    aliases: (relatedVulnerabilities ?? []).map(({ id }) => id),
    severity: severityOf(vulnerability.severity),
    package: { ...artifact, purl: artifact.purl ?? null },
    fixedVersion: vulnerability.fix?.versions?.[0] ?? null,
    published: null,
    exploited: (vulnerability.knownExploited ?? []).length > 0,
  }));
}

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
export function inTotoFindings(result: unknown): readonly FindingGiven[] | null {
  const parsed = v.safeParse(inToto, result);
  if (!parsed.success) return null;
  return parsed.output.map(({ id, severity }) => ({
    vulnerability: id,
    aliases: [],
    severity: worst(severity.map(({ score }) => severityOfScore(Number(score)))),
    package: null,
    fixedVersion: null,
    published: null,
    exploited: false,
  }));
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
