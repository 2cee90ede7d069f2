import { copyBody } from '../ast/copy.ts';
import { bodyText, exprText, refText, termText } from '../ast/print.ts';
import type { Body, Expr, Location, Term as Source } from '../ast/types.ts';
import { termExpr, walkAll } from '../compiler/tree.ts';
import type { TracedNode, TraceEvent } from '../topdown/events.ts';
import type { Term } from '../topdown/terms.ts';
import { toSource } from '../topdown/to-source.ts';
import { compareStrings } from '../values/index.ts';
import { shortened } from './file-names.ts';

export interface PrettyTraceOptions {
  /** A column with the values of the variables of each expression. */
  readonly variables?: boolean;
  /** No column with places. */
  readonly withoutLocations?: boolean;
  /** Put before each cell, and at the end of each line. */
  readonly margin?: string;
  /** The name that a variable has in the policy. */
  readonly original: (name: string) => string;
}

const PADDING = 4;
const MAX_VALUE_LENGTH = 32;

/** Events as OPA prints them (`PrettyTrace` of `v1/topdown/trace.go`). */
export function prettyTrace(events: readonly TraceEvent[], options: PrettyTraceOptions): string {
  const depths = new Map<number, number>();
  const names = shortened(events);
  const rows = events.map((event) => {
    let depth = depths.get(event.queryId) ?? 0;
    if (depth === 0) {
      depth = (depths.get(event.parentId) ?? 0) + 1;
      depths.set(event.queryId, depth);
    }
    const row = options.withoutLocations === true ? [] : [placeText(event.location, names)];
    row.push(eventText(event, depth, options.original));
    if (options.variables === true) row.push(variablesText(event, options.original));
    return row;
  });
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, byteLength(cell));
  }
  const { margin = '' } = options;
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : `${cell.padEnd((widths[i] as number) + PADDING)} `))
      .map((cell) => margin + cell)
      .join('') + margin;
  return rows.map((row) => `${line(row)}\n`).join('');
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function placeText(location: Location | undefined, names: ReadonlyMap<string, string>): string {
  if (location === undefined) return '';
  const { file, row } = location;
  return file === '' ? `query:${row}` : `${names.get(file) ?? file}:${row}`;
}

function eventText(event: TraceEvent, depth: number, original: (name: string) => string): string {
  const { operation, node, message } = event;
  const isOuter = operation === 'Enter' || (operation === 'Redo' && node?.kind !== 'expr');
  const indent = '| '.repeat(Math.max(0, depth - (isOuter ? 1 : 0)));
  if (operation === 'Note') return `${indent}Note "${message}"`;
  const subject =
    node?.kind === 'rule'
      ? refText(constantPrefix(node.rule.ref).map(toSource))
      : event.ref !== undefined
        ? termText(toSource(event.ref))
        : nodeText(node, original);
  return `${indent}${operation} ${subject}${message === '' ? '' : ` ${message}`}`;
}

function constantPrefix(ref: readonly Term[]): readonly Term[] {
  const end = ref.findIndex((term, index) => index > 0 && term.kind !== 'value');
  return end < 0 ? ref : ref.slice(0, end);
}

function nodeText(node: TracedNode | undefined, original: (name: string) => string): string {
  switch (node?.kind) {
    case 'expr': {
      const [expr] = renamed([node.expr.source], original) as [Expr];
      // A key that the policy does not name is not shown.
      if (expr.terms.kind === 'every' && /^(?:__local|\$)/.test(expr.terms.key?.name ?? '')) {
        expr.terms.key = undefined;
      }
      return exprText(expr);
    }
    case 'body':
      return bodyText(
        renamed(
          node.body.map(({ source }) => source),
          original,
        ),
      );
    case 'unify': {
      const sides = [node.left, node.right].map((term) => termText(renamedTerm(toSource(term), original)));
      return sides.join(' = ');
    }
    default:
      return '';
  }
}

function renamedTerm(term: Source, original: (name: string) => string): Source {
  const [expr] = renamed([termExpr(term, term.location)], original);
  return expr?.terms as Source;
}

/** A copy with the names of the policy for the variables that the compiler renamed. */
export function renamed(body: Body, original: (name: string) => string): Body {
  const copy = copyBody(body);
  walkAll(copy, (node) => {
    if (node.kind === 'with') return false;
    if (node.kind === 'var') node.name = original(node.name);
    return false;
  });
  return copy;
}

function variablesText({ node, locals, documents }: TraceEvent, original: (name: string) => string): string {
  const found = new Map<string, string>();
  const add = (name: string): void => {
    const value = locals?.get(name);
    if (value !== undefined) found.set(original(name), termText(toSource(value)));
  };
  if (node?.kind === 'rule') {
    const { source } = node.rule;
    const { args = [], key, value, ref } = source.head;
    // OPA counts the `x` of `p[x] := …` as a key, and that of longer refs not.
    const keys = ref.length === 2 && args.length === 0 && value !== undefined ? ref.slice(1) : [];
    const heads = [...args, ...keys, key, value].filter((term) => term !== undefined);
    walkAll(heads, (term) => {
      if (term.kind === 'var') add(term.name);
      return false;
    });
  } else {
    for (const [ref, value] of documents ?? []) {
      found.set(termText(toSource(ref)), termText(toSource({ kind: 'value', value })));
    }
    const sources =
      node?.kind === 'expr'
        ? [node.expr.source]
        : node?.kind === 'body'
          ? node.body.map((e) => e.source)
          : [];
    walkAll(sources, (term) => {
      if (term.kind === 'var') add(term.name);
      return false;
    });
  }
  const shown = [...found].sort(([a], [b]) => compareStrings(a, b));
  return `{${shown.map(([name, text]) => `${name.startsWith('$') ? '_' : name}: ${truncated(text, MAX_VALUE_LENGTH)}`).join(', ')}}`;
}

export function truncated(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 3)}...`;
}
