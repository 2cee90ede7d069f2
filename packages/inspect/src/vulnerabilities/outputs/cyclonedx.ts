import type { Severity } from '../../advisories/advisory.ts';
import { packageRef } from '../../sbom/package-ref.ts';
import type { Finding, SuppressedFinding } from '../finding.ts';
import type { ScanReport } from '../scan.ts';

const severityNames: Readonly<Record<Severity, string>> = {
  critical: 'critical',
  high: 'high',
  medium: 'medium',
  low: 'low',
  negligible: 'info',
  unknown: 'unknown',
};

/** CycloneDX 1.6 with `vulnerabilities`, and as components the packages they affect. */
export function toCyclonedx(report: ScanReport): unknown {
  const all = [...report.findings, ...report.suppressed];
  const packages = [...new Map(all.map(({ package: one }) => [packageRef(one), one])).values()];
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: report.createdAt,
      tools: { components: [{ type: 'application', name: report.tool.name, version: report.tool.version }] },
      component: { type: 'container', 'bom-ref': 'subject', name: report.subject.name, ...version(report) },
      properties: [
        { name: 'pratique:database:digest', value: report.database.digest },
        { name: 'pratique:database:builtAt', value: report.database.builtAt },
      ],
    },
    components: packages.map((one) => ({
      type: 'library',
      'bom-ref': packageRef(one),
      name: one.name,
      version: one.version,
      purl: one.purl,
    })),
    vulnerabilities: [...Map.groupBy(all, ({ vulnerability }) => vulnerability).values()].flatMap(groupsOf),
  };
}

function version({ subject }: ScanReport): { readonly version?: string } {
  return subject.digest === null ? {} : { version: subject.digest };
}

/** Findings that stand and each sort of those that do not, as an analysis is of a whole vulnerability. */
function groupsOf(findings: readonly (Finding | SuppressedFinding)[]): readonly object[] {
  const analysis = (one: Finding | SuppressedFinding): string =>
    'suppressed' in one ? JSON.stringify(one.suppressed) : '';
  return [...Map.groupBy(findings, analysis).values()].map(vulnerabilityOf);
}

function vulnerabilityOf(findings: readonly (Finding | SuppressedFinding)[]): object {
  const [first] = findings as readonly [Finding | SuppressedFinding];
  const fixes = [
    ...new Set(
      findings.flatMap(({ package: { name }, fixedVersion }) =>
        fixedVersion === undefined ? [] : [`${name} ${fixedVersion}`],
      ),
    ),
  ];
  return {
    id: first.vulnerability,
    ...(first.url === undefined ? {} : { source: { url: first.url } }),
    references: first.aliases.map((id) => ({ id, source: {} })),
    ratings: first.ratings.map(({ by, severity, score, vector }) => ({
      source: { name: by },
      ...(score === undefined ? {} : { score }),
      severity: severityNames[severity],
      ...(vector === undefined
        ? {}
        : { method: vector.startsWith('CVSS:3.0') ? 'CVSSv3' : 'CVSSv31', vector }),
    })),
    ...(first.title === undefined ? {} : { description: first.title }),
    ...(fixes.length === 0 ? {} : { recommendation: `Upgrade to ${fixes.join(', ')}.` }),
    ...('suppressed' in first ? { analysis: analysisOf(first.suppressed) } : {}),
    affects: findings.map(({ package: one }) => ({
      ref: packageRef(one),
      versions: [{ version: one.version, status: 'affected' }],
    })),
  };
}

function analysisOf({ by, status, reason }: SuppressedFinding['suppressed']): object {
  const state = by === 'ignore' ? 'exploitable' : status === 'fixed' ? 'resolved' : 'not_affected';
  return { state, detail: reason, ...(by === 'ignore' ? { response: ['will_not_fix'] } : {}) };
}
