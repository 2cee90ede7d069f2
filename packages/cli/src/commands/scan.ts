import { printable } from '@pratique/errors';
import {
  parseIgnoreFile,
  parseVex,
  reaches,
  type ScanReport,
  type Severity,
  scan as scanSubject,
  toCosignVuln,
  toCyclonedx,
  toMarkdown,
  toSarif,
} from '@pratique/inspect';
import { parseFile } from '../program/parse-file.ts';
import { readFile } from '../program/read-file.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import { withProgress } from '../program/steps.ts';
import { style } from '../program/style.ts';
import type { Terminal } from '../program/terminal.ts';
import { programVersion } from '../program/version.ts';
import { blindSpots, endOfUpdates } from '../scan/blind-spots.ts';
import { openDatabase } from '../scan/open-database.ts';
import { openSubject } from '../scan/subject.ts';
import { reportTable } from '../scan/table.ts';
import type { scan } from '../specs/scan.ts';

type Flags = FlagValues<typeof scan.flags>;

export const run: Run<typeof scan.flags> = async ({ args, flags, terminal, signal }) => {
  const now = new Date();
  const read = (file: string): Uint8Array => readFile(file, terminal.cwd);
  const ignoreFile = flags['ignore-file'];
  const ignore = ignoreFile === undefined ? [] : parseIgnoreFile(new TextDecoder().decode(read(ignoreFile)));
  const vex = flags.vex.flatMap((file) => parseFile(file, terminal.cwd, parseVex));
  const database = openDatabase(flags, terminal, now);
  try {
    const options = { ignore, vex, onlyFixed: flags['only-fixed'], now, version: programVersion() };
    const report = await withProgress(terminal, async (steps) => {
      const subject = await openSubject(args[0]!, flags, terminal, steps, signal, flags.secrets);
      steps.begin(`looking ${subject.packages.length} packages up`);
      return scanSubject(subject, database, options);
    });
    terminal.out(render(report, flags.output, terminal));
    return conclude(report, flags, terminal);
  } finally {
    database.close();
  }
};

function render(report: ScanReport, output: string, terminal: Terminal): string {
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  switch (output) {
    case 'json':
      return json(report);
    case 'sarif':
      return json(toSarif(report));
    case 'cyclonedx':
      return json(toCyclonedx(report));
    case 'cosign-vuln':
      return json(toCosignVuln(report));
    case 'markdown':
      return toMarkdown(report);
    default:
      return reportTable(report, style(terminal.colour.out));
  }
}

/** Says what the report cannot, and turns it into an exit code: over the threshold before not covered. */
function conclude(report: ScanReport, flags: Flags, terminal: Terminal): number {
  const level = flags['allow-uncovered'] ? 'warning' : 'error';
  for (const line of blindSpots(report)) terminal.err(`${level}: ${line}\n`);
  const ended = endOfUpdates(report);
  if (ended !== undefined) terminal.err(`warning: ${ended}\n`);
  for (const { id, why } of report.staleRules)
    terminal.err(
      `warning: the ignore rule for ${printable(id)} ${why === 'expired' ? 'has expired' : 'matches nothing'}\n`,
    );
  const threshold = flags['fail-on'] as Severity | undefined;
  if (threshold !== undefined) {
    const unrated = report.counts.unknown;
    if (unrated > 0 && threshold !== 'unknown')
      terminal.err(
        `warning: ${unrated} findings have no severity and do not count; --fail-on unknown counts all\n`,
      );
    if (reaches(report, threshold)) return 2;
  }
  return blindSpots(report).length > 0 && !flags['allow-uncovered'] ? 1 : 0;
}
