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
  schema: unknown,
  issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]],
  at: Path = [],
): PratiqueError {
  const [first] = issues;
  const missing = isMissing(first) ? 'nothing' : undefined;
  return policyErrors.error('TRUST_INVALID', {
    message: issues
      .slice(0, 10)
      .map((issue) => describe(source, issue, at))
      .join('\n'),
    expected: first.expected === 'never' ? knownKeys(schema, pathOf(first)).join(', ') : expectedBy(first),
    found: missing ?? printable(first.received, 80),
  });
}

function describe(source: Source, issue: v.BaseIssue<unknown>, at: Path): string {
  const path = [...at, ...pathOf(issue)];
  const unknown = issue.expected === 'never';
  const missing = isMissing(issue);
  const place = placeOf(source, missing ? path.slice(0, -1) : path, unknown ? 'key' : 'value');
  const name = printable(path.join('.'), 120);
  if (unknown) return `${place}: ${name} is not a known key`;
  if (missing) return `${place}: ${name} is missing`;
  return `${place}: ${name || 'the document'}: expected ${expectedBy(issue)}, found ${printable(issue.received, 80)}`;
}

function pathOf(issue: v.BaseIssue<unknown>): Path {
  return (issue.path ?? []).map((item) => item.key as string | number);
}

function isMissing(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.received === 'undefined';
}

function expectedBy(issue: v.BaseIssue<unknown>): string {
  if (isMissing(issue)) return `${pathOf(issue).at(-1)}: …`;
  return issue.message.startsWith('Invalid ') ? (issue.expected ?? 'another value') : issue.message;
}

/** What a schema of valibot is made of, where it can be looked into. */
interface Inspectable {
  readonly wrapped?: unknown;
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly item?: unknown;
  readonly value?: unknown;
  readonly options?: readonly unknown[];
  readonly pipe?: readonly unknown[];
}

/** The keys there are in the mapping in which the last of `path` stands. */
function knownKeys(schema: unknown, path: Path): readonly string[] {
  let found = alternatives(schema);
  for (const key of path.slice(0, -1)) {
    found = found
      .map(({ entries, item, value }) => entries?.[String(key)] ?? item ?? value)
      .flatMap(alternatives);
  }
  return [...new Set(found.flatMap(({ entries = {} }) => Object.keys(entries)))];
}

/** What is optional as what it is where it is there, and each of several forms. */
function alternatives(schema: unknown): readonly Inspectable[] {
  const at = (schema ?? {}) as Inspectable;
  if (at.wrapped !== undefined) return alternatives(at.wrapped);
  if (at.options !== undefined) return at.options.flatMap(alternatives);
  // The first of a pipe is the schema itself.
  return [at, ...(at.pipe ?? []).slice(1).flatMap(alternatives)];
}
