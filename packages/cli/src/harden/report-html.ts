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
  const list = (title: string, columns: readonly string[], rows: readonly (readonly string[])[]) =>
    rows.length === 0 ? '' : section(title, columns, rows);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hardened ${text(report.base.name)}</title>
<meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; }
h1, td { overflow-wrap: break-word; } code { overflow-wrap: anywhere; }
h2 { display: inline; font-size: 1.1rem; }
details { margin: 1.2rem 0; } summary { cursor: pointer; } details > div { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { border-bottom: 1px solid #8886; padding: .2rem 1.2rem .2rem 0; text-align: left; vertical-align: top; }
th[scope=col] { font-weight: normal; opacity: .7; }
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
  ['code', 'policy', 'why', 'what to do'],
  (report.policy?.denials ?? []).map((one) => [one.code, one.policy, one.message, one.remedy ?? '']),
)}
${list(
  'Warnings of policies',
  ['code', 'policy', 'why', 'what to do'],
  (report.policy?.warnings ?? []).map((one) => [one.code, one.policy, one.message, one.remedy ?? '']),
)}
${list(
  'Structure tests',
  ['file', 'test', 'outcome', 'problems'],
  (report.tests?.structureTests ?? []).map((one) => [
    one.file,
    one.name,
    one.status,
    one.problems.join('; '),
  ]),
)}
${list(
  'Configuration checks',
  ['check', 'severity', 'outcome', 'what would be wrong'],
  (report.tests?.checks ?? [])
    .toSorted((a, b) => Number(a.status !== 'failed') - Number(b.status !== 'failed'))
    .map((one) => [one.id, one.severity, one.status, one.title]),
)}
${list(
  'Findings that are gone',
  ['vulnerability', 'package', 'severity', 'why'],
  report.findingsGone.map((one) => [
    one.id,
    `${one.package} ${one.version}`,
    one.severity,
    one.statement ?? one.reason,
  ]),
)}
${list(
  'Packages brought in',
  ['package', 'before', 'now'],
  packages.changed.map(({ name, from, to }) => [name, from ?? 'new', to]),
)}
${list(
  'Added',
  ['what', 'where', 'how much', 'digest'],
  report.additions.map((one) => [
    one.name,
    one.to,
    `${one.files} files, ${size(one.bytes)}`,
    Object.entries(one.digest).join(', '),
  ]),
)}
${list(
  'Replaced',
  ['file'],
  report.replaced.map((path) => [`/${path}`]),
)}
${list(
  'Packages removed',
  ['package', 'version', 'why'],
  packages.removed.map(({ name, version, reason }) => [name, version, reason]),
)}
${list(
  'Packages kept',
  ['package', 'version', 'why'],
  packages.kept.map(({ name, version, reason }) => [name, version, reason]),
)}
${list(
  'Removed by reason',
  ['why', 'files', 'size'],
  removalGroups(report).map(({ name, bytes, paths }) => [name, `${paths.length} files`, size(bytes)]),
)}
${list(
  'Scripts that were not run',
  ['package', 'script'],
  report.scriptsNotRun.map((one) => [one.package, one.script]),
)}
${list(
  'Keys and data that packages would have made, left to whoever starts the image',
  ['package', 'what', 'path', 'made by'],
  report.notMade.map((one) => [one.package, one.kind, one.path, one.command]),
)}
${list(
  'Programs that may start a shell',
  ['program'],
  report.mayRunShell.map((path) => [`/${path}`]),
)}
${list(
  'Libraries that the base did not have either',
  ['file', 'library'],
  report.missingLibraries.map(({ file, library }) => [`/${file}`, library]),
)}
${list(
  'Setuid and setgid bits and capabilities that were taken',
  ['file'],
  report.bits.map((path) => [`/${path}`]),
)}
${list(
  'Named under strip.keep, and not in the image',
  ['path'],
  report.keepUnmatched.map((pattern) => [pattern]),
)}
${list('Packages that are untouched', ['reason'], report.untouched === null ? [] : [[report.untouched]])}
</html>
`;
}

const maxOpen = 25;

/** A table under its title; a long one is folded. */
function section(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = columns.map((name) => `<th scope="col">${name}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${text(cell)}</td>`).join('')}</tr>`);
  return `<details${rows.length <= maxOpen ? ' open' : ''}><summary><h2>${title} (${rows.length})</h2></summary>
<div><table><tr>${head}</tr>${body.join('\n')}</table></div></details>`;
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
