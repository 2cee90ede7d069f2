import {
  type AdvisoryDatabase,
  type Catalog,
  type ScanReport,
  scan,
  type VexStatement,
} from '@pratique/inspect';
import type { Steps } from '../program/steps.ts';
import { programVersion } from '../program/version.ts';
import { blindSpots, endOfUpdates } from '../scan/blind-spots.ts';

/** Scans base and result alike, and warns of what the database cannot know. */
export function scanner(
  database: AdvisoryDatabase,
  name: string,
  vex: readonly VexStatement[],
  steps: Steps,
): (catalog: Catalog, subject: 'base' | 'result') => ScanReport {
  return ({ distro, packages }, subject) => {
    const report = scan({ kind: 'image', name, digest: null, distro, packages }, database, {
      ignore: [],
      vex: subject === 'base' ? [] : vex,
      onlyFixed: false,
      now: new Date(),
      version: programVersion(),
    });
    const ended = endOfUpdates(report);
    for (const line of [...blindSpots(report), ...(ended === undefined ? [] : [ended])])
      steps.say(`warning: ${subject}: ${line}`);
    return report;
  };
}
