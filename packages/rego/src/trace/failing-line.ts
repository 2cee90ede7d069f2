import { operatorName } from '../ast/nodes.ts';
import { termText } from '../ast/print.ts';
import type { Expr, Location, Module, Ref, Term as Source, With } from '../ast/types.ts';
import { eachChild, type Node } from '../ast/visit.ts';
import { lookupPath } from '../eval/lookup.ts';
import type { TraceEvent } from '../topdown/events.ts';
import type { Term } from '../topdown/terms.ts';
import { toSource } from '../topdown/to-source.ts';
import { compareStrings, parseJsonText, type Value } from '../values/index.ts';
import { truncated } from './pretty.ts';

/** A policy as text, and the tree of what was compiled. */
export interface SourceModule {
  readonly text: string;
  readonly module: Module;
  /** From places in what was compiled to those in the text. */
  readonly original: (offset: number) => number;
}

const MAX_VALUE_LENGTH = 64;

const DOCUMENTS = new Set(['data', 'input']);

/** A variable, or a term that the compiler put one in place of, with the value it had. */
interface Shown {
  readonly title: string;
  readonly value: string | undefined;
  /** From 1. */
  readonly row: number;
  /** In the text. */
  readonly offset: number;
  /** From 0, in its line. */
  readonly column: number;
}

/**
 * The expression that failed last, as it stands in its policy, and below it the values of its variables, as
 * `opa test --var-values` prints them (`PrettyEvent` of `v1/topdown/trace.go`); undefined where nothing failed. Only
 * failures of the steps `shown` count.
 */
export function failingLine(
  events: readonly TraceEvent[],
  shown: ReadonlySet<TraceEvent>,
  sourceOf: (file: string) => SourceModule | undefined,
  original: (name: string) => string,
): string | undefined {
  // Of `every`, what failed in its body says more.
  const at = events.findLastIndex(
    (event) =>
      event.operation === 'Fail' &&
      event.queryId !== 0 &&
      event.node?.kind === 'expr' &&
      event.node.expr.source.terms.kind !== 'every' &&
      shown.has(event),
  );
  const event = events[at];
  const source = event?.location === undefined ? undefined : sourceOf(event.location.file);
  if (event?.location === undefined || source === undefined) return undefined;
  const base = statementAt(source.module, event.location.offset);
  if (base === undefined) return undefined;
  const { location } = base;
  // The compiler takes nested terms out of an expression: these parts were evaluated before.
  const before = events.slice(0, at).filter((earlier) => isPart(earlier, event.queryId, location));
  const values = [...valuesOf([event, ...before], source, original).values()];
  const text = `${padding(source.text, source.original(location.offset))}${location.text}`;
  return `${location.file}:${event.location.row}:\n${indented(text + valuesText(values, source.text))}`;
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

function isPart({ operation, node, location, queryId }: TraceEvent, query: number, base: Location): boolean {
  if (operation !== 'Eval' || node?.kind !== 'expr' || location === undefined) return false;
  return queryId === query && location.file === base.file && contains(base, location.offset);
}

function contains({ offset, text }: Location, at: number): boolean {
  return at >= offset && at < offset + text.length;
}

/** The innermost statement at a place of a policy. */
function statementAt({ rules }: Module, at: number): Expr | undefined {
  let found: Expr | undefined;
  const visit = (node: Node): void => {
    if (node.kind === 'expr' && contains(node.location, at)) found = node;
    eachChild(node, visit);
  };
  for (const rule of rules) {
    for (let branch: typeof rule | undefined = rule; branch !== undefined; branch = branch.else) {
      const { value } = branch.head;
      if (value !== undefined) visit(value);
      branch.body.forEach(visit);
    }
  }
  return found;
}

function valuesOf(
  events: readonly TraceEvent[],
  { text, original: placeOf }: SourceModule,
  original: (name: string) => string,
): Map<string, Shown> {
  const found = new Map<string, Shown>();
  const { locals } = events[0] as TraceEvent;
  const add = (name: string, location: Location, term: Term | undefined, always: boolean): void => {
    const own = original(name);
    if (term === undefined && !always && own === name) return;
    const title = location.text === '' ? own : location.text;
    if (found.get(title)?.value !== undefined) return;
    const value = term === undefined ? undefined : termText(toSource(term));
    const offset = placeOf(location.offset);
    found.set(title, { title, value, row: location.row, offset, column: columnOf(text, offset) });
  };
  for (const [index, { node, documents }] of events.entries()) {
    if (node?.kind !== 'expr') continue;
    const { source } = node.expr;
    const refs = new Map([...(documents ?? [])].map(([ref, value]) => [termText(toSource(ref)), value]));
    eachOperand(source, (term) => {
      if (term.kind === 'var' && !DOCUMENTS.has(term.name))
        add(term.name, term.location, locals?.get(term.name), index === 0 && !source.negated);
      if (term.kind !== 'ref' || refs.size === 0) return;
      const value = refs.get(termText(term));
      if (value !== undefined)
        add('', term.terms[0]?.location ?? term.location, { kind: 'value', value }, true);
    });
  }
  // In tests OPA evaluates the sides of `==` on their own.
  for (const side of sidesOf(events[0] as TraceEvent)) {
    const value = memberOf(side, locals);
    if (value !== undefined) add('', side.location, { kind: 'value', value }, true);
  }
  return found;
}

/** The refs that an equality compares. */
function sidesOf({ node }: TraceEvent): Ref[] {
  const terms = node?.kind === 'expr' ? node.expr.source.terms : undefined;
  if (terms?.kind !== 'call' || operatorName(terms.operator) !== 'eq') return [];
  return terms.args.filter((term): term is Ref => term.kind === 'ref');
}

/** What is at a ref into the value of a variable; undefined where that is not known. */
function memberOf({ terms: [head, ...path] }: Ref, locals: TraceEvent['locals']): Value | undefined {
  const known = (term: Source | undefined): Value | undefined => {
    if (term?.kind === 'string') return term.value;
    if (term?.kind === 'number') return parseJsonText(term.text);
    const value = term?.kind === 'var' ? locals?.get(term.name) : undefined;
    return value?.kind === 'value' ? value.value : undefined;
  };
  const keys = path.map(known);
  return keys.includes(undefined) ? undefined : lookupPath(known(head), keys as Value[]);
}

/** The terms of an expression without the names of functions, and without the insides of comprehensions. */
function eachOperand(expr: Expr, visit: (term: Source) => void): void {
  const walk = (node: Node): void => {
    if (node.kind === 'with') walk(node.value);
    else if (node.kind === 'call') node.args.forEach(walk);
    else if (!/Comprehension$/.test(node.kind)) enter(node);
  };
  const enter = (node: Exclude<Node, With>): void => {
    if (node.kind !== 'expr' && node.kind !== 'some' && node.kind !== 'every') visit(node as Source);
    eachChild(node, walk);
  };
  walk(expr);
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/** What stands before a place in its line, as tabs and spaces. */
function padding(text: string, offset: number): string {
  return text.slice(lineStart(text, offset), offset).replaceAll(/[^\t]/g, ' ');
}

function valuesText(shown: readonly Shown[], text: string): string {
  if (shown.length === 0) return '';
  const valueText = ({ value = 'undefined' }: Shown): string => truncated(value, MAX_VALUE_LENGTH);
  const named = (item: Shown): string => `${item.title}: ${valueText(item)}`;
  const rows = new Set(shown.map(({ row }) => row));
  const hasTabs = shown.some(({ offset }) => padding(text, offset).includes('\t'));
  // Tabs of several rows have no common columns.
  if (rows.size > 1 && hasTabs) {
    const sorted = shown.toSorted((a, b) => compareStrings(a.title, b.title));
    return `\n\nWhere:\n\n${sorted.map(named).join('\n')}`;
  }
  const sorted = shown.toSorted(
    (a, b) => a.column - b.column || b.row - a.row || compareStrings(a.title, b.title),
  );
  const lines = [arrows(sorted, text)];
  for (let i = sorted.length - 1; i >= 0; i--) {
    const item = sorted[i] as Shown;
    const isShared = sorted[i - 1]?.column === item.column || sorted[i + 1]?.column === item.column;
    const before = sorted.slice(0, i).filter(({ column }) => column !== item.column);
    lines.push(arrows(before, text, item) + (isShared ? named(item) : valueText(item)));
  }
  return lines.map((line) => `\n${line}`).join('');
}

/** An arrow below each, and blanks up to the column of `end`. */
function arrows(items: readonly Shown[], text: string, end?: Shown): string {
  const last = end ?? (items.at(-1) as Shown);
  const blanks = [...padding(text, last.offset)];
  for (const { column } of items) blanks[column] = '|';
  return blanks.join('');
}
