import { type PratiqueError, printable } from '@pratique/errors';
import type * as v from 'valibot';
import { type Document, isMap, isNode, isScalar, type LineCounter } from 'yaml';
import { policyErrors } from '../errors.ts';

/** A place in a trust file, by keys and indexes from the top. */
export type Path = readonly (string | number)[];

/** A YAML document with what is needed to name places in it. */
export interface Source {
  /** Shown to people: a path, or `-`. */
  readonly name: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** `trust.yaml:12:5`: where the value at `path` (or its key) stands. */
export function placeOf(source: Source, path: Path, target: 'key' | 'value'): string {
  for (let length = path.length; length > 0; length--) {
    const offset = offsetOf(source.document, path.slice(0, length), target);
    if (offset === undefined) continue;
    const { line, col } = source.lines.linePos(offset);
    return `${source.name}:${line}:${col}`;
  }
  const { contents } = source.document;
  const { line, col } = source.lines.linePos(isNode(contents) ? (contents.range?.[0] ?? 0) : 0);
  return `${source.name}:${line}:${col}`;
}

function offsetOf(document: Document, path: Path, target: 'key' | 'value'): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (target === 'key' && isMap(parent)) {
    const pair = parent.items.find((item) => (isScalar(item.key) ? item.key.value : item.key) === last);
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node = document.getIn([...path], true);
  return isNode(node) ? node.range?.[0] : undefined;
}

/** The error for one thing wrong with the file at `path`. */
export function invalid(
  source: Source,
  path: Path,
  message: string,
  detail: { readonly expected?: string; readonly found?: string; readonly cause?: unknown } = {},
): PratiqueError {
  return policyErrors.error('TRUST_INVALID', {
    message: `${placeOf(source, path, 'value')}: ${message}`,
    ...detail,
  });
}

/** The error for what the schema found: every issue on a line of its own, the first one's expected and found. `at` is where the value they are about stands. */
export function schemaError(
  source: Source,
  issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]],
  at: Path = [],
): PratiqueError {
  const [first] = issues;
  return policyErrors.error('TRUST_INVALID', {
    message: issues
      .slice(0, 10)
      .map((issue) => describe(source, issue, at))
      .join('\n'),
    expected: expectedBy(first),
    found: printable(first.received, 80),
  });
}

function describe(source: Source, issue: v.BaseIssue<unknown>, at: Path): string {
  const path = [...at, ...(issue.path ?? []).map((item) => item.key as string | number)];
  const unknown = issue.expected === 'never';
  const missing = issue.type === 'strict_object' && issue.received === 'undefined';
  const place = placeOf(source, missing ? path.slice(0, -1) : path, unknown ? 'key' : 'value');
  const name = printable(path.join('.'), 120);
  if (unknown) return `${place}: ${name} is not a known key`;
  if (missing) return `${place}: ${name} is missing`;
  return `${place}: ${name || 'the document'}: expected ${expectedBy(issue)}, found ${printable(issue.received, 80)}`;
}

function expectedBy(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === 'never') return 'a documented key';
  return issue.message.startsWith('Invalid ') ? (issue.expected ?? 'another value') : issue.message;
}
