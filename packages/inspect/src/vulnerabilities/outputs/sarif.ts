import type { Severity } from '../../advisories/advisory.ts';
import type { SecretFinding } from '../../secrets/find-secrets.ts';
import type { Finding } from '../finding.ts';
import type { ScanReport } from '../scan.ts';

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  negligible: 'note',
  unknown: 'warning',
};

/** GitHub sorts by `security-severity`, a number as text, where no CVSS score is known. */
const typicalScores: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.0',
  negligible: '0.1',
  unknown: '5.5',
};

/** SARIF 2.1.0: one rule a vulnerability or kind of secret, one result a finding; suppressed ones with their justification. */
export function toSarif(report: ScanReport): unknown {
  const all = [...report.findings, ...report.suppressed];
  const rules = [...new Map(all.map((finding) => [finding.vulnerability, finding])).values()];
  const kinds = [
    ...new Map(
      [...(report.secrets ?? []), ...report.suppressedSecrets].map((one) => [one.rule, one]),
    ).values(),
  ];
  const indices = new Map(
    [...rules.map(({ vulnerability }) => vulnerability), ...kinds.map(({ rule }) => rule)].map(
      (id, index) => [id, index],
    ),
  );
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            version: report.tool.version,
            rules: [
              ...rules.map(({ vulnerability, title, url, severity }) => ({
                id: vulnerability,
                shortDescription: { text: title ?? vulnerability },
                ...(url === undefined ? {} : { helpUri: url }),
                properties: {
                  'security-severity': severity.score?.toFixed(1) ?? typicalScores[severity.severity],
                  tags: ['vulnerability', 'security', severity.severity],
                },
              })),
              ...kinds.map(({ rule, title, severity }) => ({
                id: rule,
                shortDescription: { text: title },
                properties: {
                  'security-severity': typicalScores[severity],
                  tags: ['secret', 'security', severity],
                },
              })),
            ],
          },
        },
        results: [
          ...report.findings.map((finding) => resultOf(finding, report, indices)),
          ...report.suppressed.map((finding) => ({
            ...resultOf(finding, report, indices),
            suppressions: [{ kind: 'external', justification: finding.suppressed.reason }],
          })),
          ...(report.secrets ?? []).map((secret) => secretResult(secret, report, indices)),
          ...report.suppressedSecrets.map((secret) => ({
            ...secretResult(secret, report, indices),
            suppressions: [{ kind: 'external', justification: secret.suppressed.reason }],
          })),
        ],
        properties: { subject: report.subject, database: report.database },
      },
    ],
  };
}

function resultOf(finding: Finding, report: ScanReport, indices: ReadonlyMap<string, number>): object {
  const { vulnerability, package: installed, fixedVersion, severity } = finding;
  const fix = fixedVersion === undefined ? 'There is no fix yet.' : `Fixed in ${fixedVersion}.`;
  return {
    ruleId: vulnerability,
    ruleIndex: indices.get(vulnerability),
    level: levels[severity.severity],
    message: { text: `${installed.name} ${installed.version} has ${vulnerability}. ${fix}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(installed.location.path.replace(/^\/+/, '') || 'image') },
          region: { startLine: 1 },
        },
        logicalLocations: [{ fullyQualifiedName: `${report.subject.name}: ${installed.purl}` }],
      },
    ],
    partialFingerprints: { 'package/v1': `${vulnerability} ${installed.purl}` },
  };
}

function secretResult(
  secret: SecretFinding,
  report: ScanReport,
  indices: ReadonlyMap<string, number>,
): object {
  const { rule, title, severity, path, line, layer, removed } = secret;
  const gone = removed ? ' A later layer removed or replaced the file; it is in the image all the same.' : '';
  return {
    ruleId: rule,
    ruleIndex: indices.get(rule),
    level: levels[severity],
    message: { text: `${path} holds what looks like a secret: ${title}.${gone}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(path) },
          region: { startLine: line ?? 1 },
        },
        logicalLocations: [{ fullyQualifiedName: `${report.subject.name}: ${layer ?? path}` }],
      },
    ],
    partialFingerprints: { 'secret/v1': `${rule} ${path} ${line ?? 0}` },
  };
}
