import { writeFileSync } from 'node:fs';
import { join, parse, resolve } from 'node:path';
import type { HardenReport } from '@pratique/harden';
import type { FlagValues } from '../program/spec.ts';
import { style } from '../program/style.ts';
import type { Terminal } from '../program/terminal.ts';
import type { harden } from '../specs/harden.ts';
import { reportHtml } from './report-html.ts';
import { removalTree, reportText } from './report-text.ts';

type Flags = Pick<FlagValues<typeof harden.flags>, 'report' | 'output' | 'dry-run'>;

/** One report for each image: on standard output a list where there are several, in files of their own with the platform's name. */
export function writeReports(reports: readonly HardenReport[], flags: Flags, terminal: Terminal): void {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const several = reports.length > 1;
  for (const report of flags.report === undefined ? [] : reports) {
    const { dir, name, ext } = parse(resolve(terminal.cwd, flags.report!));
    const platform = several ? `.${report.platform.replaceAll('/', '-')}` : '';
    writeFileSync(join(dir, `${name}${platform}${ext}`), ext === '.html' ? reportHtml(report) : json(report));
  }
  if (flags.output === 'json') {
    terminal.out(json(several ? reports : reports[0]));
    return;
  }
  const colour = style(terminal.colour.out);
  for (const report of reports) {
    if (flags['dry-run']) terminal.out(removalTree(report, colour));
    terminal.out(reportText(report, colour));
  }
}
