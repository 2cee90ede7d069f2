import { printable } from '@pratique/errors';
import type { HardenReport, Summary, TestReport } from '@pratique/harden';
import { type Style, table } from '../program/style.ts';
import { findingsText } from './findings-text.ts';
import { removalGroups } from './removal-groups.ts';
import { size } from './size.ts';

const maxListed = 8;

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
    row('vulnerabilities', findingsText),
  ];
  const notes = [
    ...changesText(
      'upgraded',
      packages.changed.filter(({ from }) => from !== null),
    ),
    ...changesText(
      'added',
      packages.changed.filter(({ from }) => from === null),
    ),
    ...report.additions.map(
      ({ name, to, files, bytes }) => `added ${name} to ${to}: ${files} files, ${size(bytes)}`,
    ),
    ...report.replaced.map((path) => `/${path} is another file now`),
    ...scriptsText(report.scriptsNotRun),
    ...notMadeText(report.notMade),
    ...(report.untouched === null ? [] : [report.untouched]),
    ...report.keepUnmatched.map((pattern) => `strip.keep names ${pattern}, which is not in the image`),
    ...report.missingLibraries.map(
      ({ file, library }) => `${file} needs ${library}, which the base did not have either`,
    ),
    ...(report.tests?.structureTests ?? [])
      .filter(({ status }) => status === 'not-run')
      .map(({ file, name }) => `${file}: ${name} was not run`),
    ...(report.policy?.warnings ?? []).map(({ policy, message }) => `${policy}: ${message}`),
    ...(report.mayRunShell.length > 0 && after.shells.length === 0
      ? [`may want to start a shell, and there is none: ${report.mayRunShell.join(', ')}`]
      : []),
  ];
  const gone = report.findingsGone;
  const words = { removed: 'with packages removed', upgraded: 'with packages upgraded', vex: 'by VEX' };
  const reasons = (['removed', 'upgraded', 'vex'] as const)
    .map((reason) => [gone.filter((one) => one.reason === reason).length, reason] as const)
    .filter(([count]) => count > 0);
  return [
    ...(report.layers === 'diff' ? [c.red(c.bold(belowText(report)))] : []),
    `${c.bold(printable(report.base.name, 200))}@${report.base.digest} ${printable(report.platform, 60)}`,
    table(rows),
    ...(gone.length === 0
      ? []
      : [
          `${gone.length} findings are gone: ${reasons.map(([count, reason]) => `${count} ${words[reason]}`).join(', ')}`,
        ]),
    ...(report.tests === null ? [] : [testsText(report.tests)]),
    ...notes.map((note) => `note: ${printable(note, 1000)}`),
    '',
  ].join('\n');
}

/** Each with its versions where they are few; else their names, and the whole report has the rest. */
function changesText(what: string, changes: HardenReport['packages']['changed']): readonly string[] {
  if (changes.length <= maxListed)
    return changes.map(({ name, from, to }) => `${what} ${name} ${from === null ? '' : `${from} → `}${to}`);
  return [`${what} ${changes.length} packages: ${changes.map(({ name }) => name).join(', ')}`];
}

/** `not run: postinst of a, preinst and postinst of b`. */
function scriptsText(scripts: HardenReport['scriptsNotRun']): readonly string[] {
  const byPackage = Map.groupBy(scripts, (one) => one.package);
  const all = [...byPackage].map(
    ([name, own]) => `${own.map(({ script }) => script).join(' and ')} of ${name}`,
  );
  return all.length === 0 ? [] : [`scripts that were not run: ${all.join(', ')}`];
}

/** `not made, since all that run the image would share it: key /etc/ssh/x (openssh-server; ssh-keygen …)`. */
function notMadeText(notMade: HardenReport['notMade']): readonly string[] {
  const byCommand = Map.groupBy(notMade, (one) => one.command);
  return [...byCommand].map(([command, own]) => {
    const paths = own.map(({ kind, path }) => `${kind} ${path}`).join(', ');
    return `${own[0]!.package} would have made ${paths}, which all that run the image would share: make it at the first start (${command})`;
  });
}

/** What whoever keeps the layers of the base must know. */
export function belowText({ below }: HardenReport): string {
  return `WARNING: the layers of the base are kept (layers: diff): ${below.files} files (${size(below.bytes)}) that were removed or replaced can still be read from them, with every secret and vulnerability in them. With layers: squash they are gone.`;
}

/** `3 of 3 structure tests passed; 12 of 14 checks passed, not root-user, healthcheck`. */
export function testsText({ structureTests, checks }: TestReport): string {
  const passed = (all: readonly { status: string }[]) =>
    `${all.filter(({ status }) => status === 'passed').length} of ${all.length}`;
  const failed = checks.filter(({ status }) => status === 'failed').map(({ id }) => printable(id, 60));
  return [
    ...(structureTests.length === 0 ? [] : [`${passed(structureTests)} structure tests passed`]),
    `${passed(checks)} checks passed${failed.length === 0 ? '' : `, not ${failed.join(', ')}`}`,
  ].join('; ');
}

const maxPaths = 3;

/** What would go, by package and reason, largest first, with the largest files of each. */
export function removalTree(report: HardenReport, c: Style): string {
  const { removals } = report;
  const lines = removalGroups(report).flatMap(({ name, bytes, paths }) => {
    const largest = paths.slice(0, maxPaths);
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
