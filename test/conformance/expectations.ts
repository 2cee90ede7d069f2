/**
 * The reviewed list of conformance cases that are known to fail: `expected-failures.json`, by suite, then by the
 * reason they fail, the ids of the cases. The list may only shrink by itself: a listed case that passes is an error.
 */
import { existsSync, readFileSync } from 'node:fs';

/** What a suite module's `run` returns for each suite it ran. */
export interface SuiteResult {
  readonly suite: string;
  readonly passed: number;
  readonly failed: number;
  /** One per failed case: its id, and after `: ` why, where there is something to say. */
  readonly failures: readonly string[];
}

export type ExpectedFailures = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface Judgement {
  /** Failures on the list. */
  readonly known: number;
  /** What makes the run fail, one line each. */
  readonly problems: readonly string[];
}

/** Reads the list; no file is an empty list. */
export function readExpectedFailures(path: URL): ExpectedFailures {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ExpectedFailures) : {};
}

function idOf(failure: string): string {
  const end = failure.indexOf(': ');
  return end < 0 ? failure : failure.slice(0, end);
}

/** Compares what a suite reports with the list. */
export function judge(result: SuiteResult, expected: ExpectedFailures): Judgement {
  const listed = Object.values(expected[result.suite] ?? {}).flat();
  const expectedIds = new Set(listed);
  const failedIds = new Set(result.failures.map(idOf));
  const unexpected = result.failures.filter((failure) => !expectedIds.has(idOf(failure)));
  const problems = [...unexpected];
  for (const id of expectedIds) {
    if (!failedIds.has(id))
      problems.push(`${id}: is listed in expected-failures.json and does not fail any more: remove it`);
  }
  if (listed.length !== expectedIds.size) problems.push(`${result.suite}: a case is listed twice`);
  if (result.failures.length !== result.failed) {
    problems.push(
      `${result.suite}: reports ${result.failed} failures and names ${result.failures.length} of them`,
    );
  }
  if (result.passed + result.failed === 0) problems.push(`${result.suite}: ran no case`);
  return { known: result.failures.length - unexpected.length, problems };
}
