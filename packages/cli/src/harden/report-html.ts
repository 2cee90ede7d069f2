import { printable } from '@pratique/errors';
import type { HardenReport, Summary } from '@pratique/harden';
import { findingsText } from './findings-text.ts';
import { removalGroups } from './removal-groups.ts';
import { belowText } from './report-text.ts';
import { size } from './size.ts';

/** The report as one page that needs nothing else. Everything in it that came from an image is escaped. */
export function reportHtml(report: HardenReport): string {
  const { before, after, packages } = report;
  const row = (name: string, value: (summary: Summary) => string) =>
    `<tr><th scope="row">${name}</th><td>${text(value(before))}</td><td>${text(value(after))}</td></tr>`;
  const list = (title: string, rows: readonly (readonly string[])[]) =>
    rows.length === 0
      ? ''
      : `<h2>${title} (${rows.length})</h2><table>${rows
          .map((cells) => `<tr>${cells.map((cell) => `<td>${text(cell)}</td>`).join('')}</tr>`)
          .join('')}</table>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hardened ${text(report.base.name)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { border-bottom: 1px solid #ccc; padding: .2rem .8rem .2rem 0; text-align: left; }
td:nth-child(n+2) { overflow-wrap: anywhere; }
[role=alert] { background: #b00020; color: #fff; font-weight: bold; padding: .5rem 1rem; }
</style>
<h1>${text(report.base.name)}</h1>
<p>${text(report.platform)} <code>${text(report.base.digest)}</code>${report.image === null ? '' : ` → <code>${text(report.image.digest)}</code>`}</p>
${report.layers === 'diff' ? `<p role="alert">${text(belowText(report))}</p>` : ''}
<table>
<tr><th></th><th scope="col">before</th><th scope="col">after</th></tr>
${row('size', ({ bytes }) => size(bytes))}
${row('files', ({ files }) => String(files))}
${row('packages', (summary) => String(summary.packages))}
${row('programs', ({ programs }) => String(programs))}
${row('setuid, setgid', ({ setuid }) => String(setuid))}
${row('shells', ({ shells }) => shells.join(', ') || 'none')}
${row('vulnerabilities', findingsText)}
</table>
${list(
  'Refused by policies',
  (report.policy?.denials ?? []).map((one) => [one.code, one.policy, one.message, one.remedy ?? '']),
)}
${list(
  'Warnings of policies',
  (report.policy?.warnings ?? []).map((one) => [one.code, one.policy, one.message, one.remedy ?? '']),
)}
${list(
  'Structure tests',
  (report.tests?.structureTests ?? []).map((one) => [
    one.file,
    one.name,
    one.status,
    one.problems.join('; '),
  ]),
)}
${list(
  'Configuration checks',
  (report.tests?.checks ?? []).map((one) => [one.id, one.severity, one.status, one.title]),
)}
${list(
  'Findings that are gone',
  report.findingsGone.map((one) => [
    one.id,
    `${one.package} ${one.version}`,
    one.severity,
    one.statement ?? one.reason,
  ]),
)}
${list(
  'Packages brought in',
  packages.changed.map(({ name, from, to }) => [name, from ?? 'new', to]),
)}
${list(
  'Added',
  report.additions.map((one) => [
    one.name,
    one.to,
    `${one.files} files, ${size(one.bytes)}`,
    Object.entries(one.digest).join(', '),
  ]),
)}
${list(
  'Replaced',
  report.replaced.map((path) => [`/${path}`]),
)}
${list(
  'Packages removed',
  packages.removed.map(({ name, version, reason }) => [name, version, reason]),
)}
${list(
  'Packages kept',
  packages.kept.map(({ name, version, reason }) => [name, version, reason]),
)}
${list(
  'Removed by reason',
  removalGroups(report).map(({ name, bytes, paths }) => [name, `${paths.length} files`, size(bytes)]),
)}
${list(
  'Scripts that were not run',
  report.scriptsNotRun.map((one) => [one.package, one.script]),
)}
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function text(value: string): string {
  return printable(value, 1000).replace(/[&<>"']/g, (character) => entities[character]!);
}
