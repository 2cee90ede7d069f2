import { printable } from '@pratique/errors';
import type { HardenReport, Summary } from '@pratique/harden';
import { type Style, table } from '../program/style.ts';
import { size } from './size.ts';

/** Before and after, and what was done in between. */
export function reportText(report: HardenReport, c: Style): string {
  const { before, after, packages } = report;
  const row = (name: string, value: (summary: Summary) => string) => [name, value(before), value(after)];
  const rows = [
    ['', c.bold('before'), c.bold('after')],
    row('size', ({ bytes }) => size(bytes)),
    row('files', ({ files }) => String(files)),
    row('packages', (summary) => String(summary.packages)),
    row('programs', ({ programs }) => String(programs)),
    row('setuid, setgid', ({ setuid }) => String(setuid)),
    row('shells', ({ shells }) => String(shells.length)),
    row('vulnerabilities', ({ findings }) => (findings === null ? 'not scanned' : total(findings))),
  ];
  const notes = [
    ...packages.changed.map(
      ({ name, from, to }) =>
        `${from === null ? 'added' : 'upgraded'} ${name} ${from === null ? '' : `${from} → `}${to}`,
    ),
    ...report.scriptsNotRun.map(({ package: name, script }) => `${script} of ${name} was not run`),
    ...report.missingLibraries.map(
      ({ file, library }) => `${file} needs ${library}, which the base did not have either`,
    ),
    ...(report.mayRunShell.length > 0 && after.shells.length === 0
      ? [`may want to start a shell, and there is none: ${report.mayRunShell.join(', ')}`]
      : []),
  ];
  const gone = report.findingsGone;
  const reasons = (['removed', 'upgraded'] as const)
    .map((reason) => [gone.filter((one) => one.reason === reason).length, reason] as const)
    .filter(([count]) => count > 0);
  return [
    `${c.bold(printable(report.base.name, 200))}@${report.base.digest}`,
    table(rows),
    ...(gone.length === 0
      ? []
      : [
          `${gone.length} findings are gone: ${reasons.map(([count, reason]) => `${count} with packages ${reason}`).join(', ')}`,
        ]),
    ...notes.map((note) => `note: ${printable(note, 400)}`),
    '',
  ].join('\n');
}

function total(findings: Readonly<Record<string, number>>): string {
  const parts = Object.entries(findings).filter(([, count]) => count > 0);
  return parts.length === 0 ? 'none' : parts.map(([severity, count]) => `${count} ${severity}`).join(', ');
}

const maxPaths = 3;

/** What would go, by package and reason, largest first, with the largest files of each. */
export function removalTree({ removals }: HardenReport, c: Style): string {
  const groups = new Map<string, { bytes: number; paths: { path: string; size: number }[] }>();
  for (const { path, size: bytes, reason, package: owner } of removals) {
    const isPackage = /^package .* is removed$|^record of a removed package$/.test(reason);
    const name = isPackage ? `package ${owner}` : reason.replace(/^leads to .*/, 'links to what is removed');
    const group = groups.get(name) ?? { bytes: 0, paths: [] };
    group.bytes += bytes;
    group.paths.push({ path, size: bytes });
    groups.set(name, group);
  }
  const lines = [...groups]
    .sort(([, a], [, b]) => b.bytes - a.bytes)
    .flatMap(([name, { bytes, paths }]) => {
      const largest = paths.sort((a, b) => b.size - a.size).slice(0, maxPaths);
      const more = paths.length - largest.length;
      return [
        `${size(bytes).padStart(9)}  ${c.bold(printable(name, 120))}`,
        ...largest.map((one) => `${size(one.size).padStart(9)}  ├─ /${printable(one.path, 160)}`),
        ...(more > 0 ? [`${''.padStart(9)}  └─ and ${more} more`] : []),
      ];
    });
  const bytes = removals.reduce((sum, one) => sum + one.size, 0);
  return `${lines.join('\n')}\n\n${size(bytes)} in ${removals.length} files would go. To keep one, name it under strip.keep.\n\n`;
}
