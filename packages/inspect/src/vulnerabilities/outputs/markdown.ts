import { printable } from '@pratique/errors';
import { severities } from '../../advisories/advisory.ts';
import type { ScanReport } from '../scan.ts';

/** A report for a pull request or a job summary. */
export function toMarkdown(report: ScanReport): string {
  const counts = severities.filter((severity) => report.counts[severity] > 0);
  const lines = [
    `# Scan of ${cell(report.subject.name)}`,
    '',
    counts.length === 0
      ? `None known in ${report.packages} packages.`
      : `${counts.map((severity) => `**${report.counts[severity]} ${severity}**`).join(', ')} in ${report.packages} packages.`,
  ];
  for (const { type, distro, packages } of report.uncovered)
    lines.push(
      '',
      `**Not covered:** ${packages} packages of ${cell([type, distro].filter(Boolean).join(' '))}.`,
    );
  if (report.findings.length > 0) {
    lines.push(
      '',
      '| Vulnerability | Severity | Package | Installed | Fixed | Risk |',
      '|---|---|---|---|---|---|',
    );
    for (const {
      vulnerability,
      url,
      severity,
      package: installed,
      fixedVersion,
      risk,
      exploited,
    } of report.findings) {
      const name = url === undefined ? cell(vulnerability) : `[${cell(vulnerability)}](${encodeURI(url)})`;
      const by = severity.by === undefined ? '' : ` (${cell(severity.by)})`;
      const known = exploited === undefined ? '' : ', exploited';
      lines.push(
        `| ${name} | ${severity.severity}${by}${known} | ${cell(installed.name)} | ${cell(installed.version)} | ${cell(fixedVersion ?? '')} | ${risk ?? ''} |`,
      );
    }
  }
  if (report.secrets !== null && report.secrets.length > 0) {
    lines.push('', '## Secrets', '', '| Secret | Severity | File | Line |', '|---|---|---|---|');
    for (const { title, severity, path, line, removed } of report.secrets)
      lines.push(
        `| ${cell(title)} | ${severity} | ${cell(path)}${removed ? ' (removed by a later layer)' : ''} | ${line ?? ''} |`,
      );
  }
  if (report.suppressed.length + report.suppressedSecrets.length > 0) {
    lines.push('', '## Suppressed', '', '| What | Where | By | Reason |', '|---|---|---|---|');
    for (const { vulnerability, package: installed, suppressed } of report.suppressed) {
      const until = suppressed.expires === undefined ? '' : ` until ${suppressed.expires}`;
      lines.push(
        `| ${cell(vulnerability)} | ${cell(installed.name)} | ${suppressed.by}${until} | ${cell(suppressed.reason)} |`,
      );
    }
    for (const { title, path, suppressed } of report.suppressedSecrets)
      lines.push(
        `| ${cell(title)} | ${cell(path)} | ${suppressed.by} until ${suppressed.expires} | ${cell(suppressed.reason)} |`,
      );
  }
  lines.push(
    '',
    `Digest ${report.subject.digest ?? 'none'}. Database ${report.database.digest}, built ${report.database.builtAt}.`,
  );
  return `${lines.join('\n')}\n`;
}

/** Text from outside in a table: no markup, no line breaks. */
function cell(text: string): string {
  return printable(text, 300).replace(
    /[\\`*_{}[\]<>()#|!~&]/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
