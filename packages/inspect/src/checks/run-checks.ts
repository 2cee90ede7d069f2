import type { Check, CheckSeverity, CheckSubject, Occurrence } from './check.ts';
import { configChecks } from './config-checks.ts';
import { fileChecks } from './file-checks.ts';

/** Every check, by severity and id in the documentation. */
export const checks: readonly Check[] = [...configChecks, ...fileChecks];

/** Occurrences named in a result; the rest are counted. */
const maxOccurrences = 50;

/** What one check said of one image. */
export interface CheckResult {
  readonly id: string;
  readonly severity: CheckSeverity;
  readonly title: string;
  readonly remedy: string;
  readonly references: readonly string[];
  /** `not-run`: it needs a configuration, and a root file system has none. */
  readonly status: 'passed' | 'failed' | 'not-run';
  /** At most 50. */
  readonly occurrences: readonly Occurrence[];
  /** All of them. */
  readonly count: number;
}

/** Runs every check on an image that was read with `checkFiles`. */
export function runChecks(subject: CheckSubject): readonly CheckResult[] {
  return checks.map(({ find, needsConfig, ...about }) => {
    if (needsConfig && subject.config === undefined)
      return { ...about, status: 'not-run', occurrences: [], count: 0 };
    const occurrences: Occurrence[] = [];
    let count = 0;
    for (const occurrence of find(subject)) if (++count <= maxOccurrences) occurrences.push(occurrence);
    return { ...about, status: count === 0 ? 'passed' : 'failed', occurrences, count };
  });
}
