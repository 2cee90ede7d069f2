import { printable } from '@pratique/errors';
import { type ScanReport, type Severity, severities } from '@pratique/inspect';
import { type Style, table } from '../program/style.ts';

function colour(c: Style, severity: Severity): (text: string) => string {
  if (severity === 'critical' || severity === 'high') return c.red;
  return severity === 'medium' ? c.yellow : c.dim;
}

/** The report as a person reads it. */
export function reportTable(report: ScanReport, c: Style): string {
  const rows = report.findings.map(
    ({ package: installed, vulnerability, severity, fixedVersion, exploited, risk }) => [
      colour(c, severity.severity)(severity.severity),
      printable(vulnerability),
      printable(installed.name),
      printable(installed.version),
      printable(fixedVersion ?? '-'),
      `${risk ?? '-'}${exploited === undefined ? '' : ' (exploited)'}`,
      printable(severity.by ?? '-'),
    ],
  );
  const header = ['SEVERITY', 'VULNERABILITY', 'PACKAGE', 'INSTALLED', 'FIXED', 'RISK', 'RATED BY'];
  const found = severities.filter((severity) => report.counts[severity] > 0);
  const counts =
    found.length === 0
      ? ['no known vulnerabilities']
      : found.map((severity) => `${report.counts[severity]} ${severity}`);
  const suppressed = report.suppressed.length + report.suppressedSecrets.length;
  const secretRows = (report.secrets ?? []).map(({ title, severity, path, line, removed }) => [
    colour(c, severity)(severity),
    printable(title),
    `${printable(path)}${line === null ? '' : `:${line}`}${removed ? ' (removed by a later layer)' : ''}`,
  ]);
  const secrets = secretRows.length === 1 ? '1 secret' : `${secretRows.length} secrets`;
  const summary = [...counts, ...(secretRows.length === 0 ? [] : [secrets])].join(', ');
  const more = [
    ...(report.withoutFix === 0 ? [] : [`${report.withoutFix} without a fix left out`]),
    ...(suppressed === 0 ? [] : [`${suppressed} suppressed`]),
  ];
  return [
    ...(rows.length === 0 ? [] : [table([header, ...rows]), '']),
    ...(secretRows.length === 0 ? [] : [table([['SEVERITY', 'SECRET', 'WHERE'], ...secretRows]), '']),
    `${c.bold(printable(report.subject.name))}: ${[summary, ...more].join('; ')}, in ${report.packages} packages`,
    '',
  ].join('\n');
}
