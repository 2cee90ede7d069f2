import type { Location, Module, Rule } from '../ast/types.ts';
import { eachChild, type Node } from '../ast/visit.ts';
import { RegoError } from '../errors.ts';
import type { QueryValues } from '../query.ts';
import { withinStack } from '../stack.ts';
import type { TraceEvent, Tracer } from '../topdown/events.ts';
import type { TracedQuery, TraceOptions } from '../topdown/traced-query.ts';
import { several } from '../trace/several.ts';
import { compareStrings } from '../values/index.ts';

interface Position {
  readonly row: number;
  readonly col: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
  readonly kinds?: readonly CoverageKind[];
}

/** Lines that hold a rule's head or an expression, in the shape of `opa test --coverage`. */
export interface CoverageCounts {
  readonly covered_lines: number;
  readonly not_covered_lines: number;
  /** Percent of the lines. */
  readonly coverage: number;
}

export interface FileCoverage extends CoverageCounts {
  readonly covered: readonly Range[];
  readonly not_covered: readonly Range[];
}

export interface CoverageReport extends CoverageCounts {
  readonly files: Readonly<Record<string, FileCoverage>>;
}

/** Why a range was not covered: an evaluation without the index, or without early exits, would have come there. */
export type CoverageKind = 'index_excluded' | 'early_exit';

export const COVERAGE_KINDS: readonly CoverageKind[] = ['index_excluded', 'early_exit'];

/** What an evaluation goes without, to find what it would cover then. */
const WITHOUT: Readonly<Record<CoverageKind, TraceOptions>> = {
  index_excluded: { indexing: false },
  early_exit: { earlyExit: false },
};

/** A policy as it was compiled, and where in it. */
export interface CoveredModule {
  readonly module: Module;
  readonly text: string;
  /** From places in the text that was compiled to those in `text`, where it is another. */
  readonly original?: (offset: number) => number;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Notes which rules succeed and which expressions are evaluated. */
class CoverageTracer implements Tracer {
  readonly wantsLocals = false;
  readonly wantsUnify = false;
  readonly #files = new Map<string, Map<string, Span>>();

  trace({ operation, node }: TraceEvent): void {
    if (operation === 'Exit' && node?.kind === 'rule') this.#add(node.rule.source.head.location);
    else if (operation === 'Eval' && node?.kind === 'expr') this.#add(node.expr.source.location);
  }

  #add(location: Location): void {
    if (location.file === '') return;
    const span = spanOf(location);
    const file = this.#files.get(location.file) ?? new Map<string, Span>();
    this.#files.set(location.file, file.set(`${span.start} ${span.end}`, span));
  }

  spans(file: string): readonly Span[] {
    return [...(this.#files.get(file)?.values() ?? [])];
  }
}

function spanOf({ offset, text }: Location): Span {
  return { start: offset, end: offset + text.length };
}

/**
 * What of policies was evaluated, as `opa eval --coverage` and `opa test --coverage` count it (`v1/cover` of OPA). Each
 * evaluation is done once for what is covered, and once more for each {@link CoverageKind} of what is not that is to be
 * told apart.
 */
export class Coverage {
  readonly #covered = new CoverageTracer();
  readonly #others: ReadonlyMap<CoverageKind, CoverageTracer>;

  constructor(kinds: readonly CoverageKind[] = COVERAGE_KINDS) {
    // In the order of the report.
    const wanted = COVERAGE_KINDS.filter((kind) => kinds.includes(kind));
    this.#others = new Map(wanted.map((kind) => [kind, new CoverageTracer()]));
  }

  /** Evaluates a query. Only what the first evaluation gives or throws counts, and only it is shown to `beside`. */
  evaluate(query: TracedQuery, input: unknown, options: TraceOptions, beside?: Tracer): QueryValues[] {
    // All evaluations see one clock and one random number generator.
    const world = {
      timeNs: BigInt(Date.now()) * 1_000_000n,
      seed: Math.trunc(Math.random() * 0x1_0000_0000),
      ...options,
    };
    const tracer = beside === undefined ? this.#covered : several([this.#covered, beside]);
    const results = query.values(input, tracer, world);
    for (const [kind, other] of this.#others) {
      try {
        query.values(input, other, { ...world, ...WITHOUT[kind], silent: true, onBuiltinError: undefined });
      } catch (error) {
        if (!(error instanceof RegoError)) throw error;
      }
    }
    return results;
  }

  report(modules: ReadonlyMap<string, CoveredModule>): CoverageReport {
    const files: Record<string, FileCoverage> = Object.create(null);
    let [covered, missed] = [0, 0];
    for (const [name, file] of [...modules].sort(([a], [b]) => compareStrings(a, b))) {
      const report = withinStack(() => this.#file(name, file));
      files[name] = report;
      covered += report.covered_lines;
      missed += report.not_covered_lines;
    }
    return { files, ...counted(covered, missed) };
  }

  #file(name: string, { module, text, original = (offset) => offset }: CoveredModule): FileCoverage {
    const range = ({ start, end }: Span): Range => rangeIn(text, original(start), original(end));
    // What was put into the text stands for nothing in the original.
    const isThere = ({ start, end }: Span): boolean => original(start) < original(end);
    const ranges = (tracer: CoverageTracer): Range[] => unique(tracer.spans(name).filter(isThere).map(range));
    const covered = ranges(this.#covered);
    const others = [...this.#others].map(([kind, tracer]) => [kind, ranges(tracer)] as const);
    const missed = unique(coverable(module).map(spanOf).filter(isThere).map(range)).filter(
      (inner) => !covered.some((outer) => contains(outer, inner)),
    );
    const not_covered = missed.map((inner) => {
      const kinds = others
        .filter(([, found]) => found.some((outer) => contains(outer, inner)))
        .map(([kind]) => kind);
      return kinds.length === 0 ? inner : { ...inner, kinds };
    });
    return { covered, not_covered, ...counted(rowCount(covered), rowCount(not_covered)) };
  }
}

/** The heads of rules and the expressions of a module. */
function coverable({ rules }: Module): Location[] {
  const found: Location[] = [];
  const visit = (node: Node): void => {
    if (node.kind === 'expr' && node.terms.kind !== 'some') found.push(node.location);
    eachChild(node, visit);
  };
  for (const rule of rules) {
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
      const { args = [], key, location, ref, value } = branch.head;
      found.push(location);
      for (const node of [...ref, ...args, key, value, ...branch.body]) if (node !== undefined) visit(node);
    }
  }
  return found.filter(({ file }) => file !== '');
}

function counted(covered_lines: number, not_covered_lines: number): CoverageCounts {
  const total = covered_lines + not_covered_lines;
  return { covered_lines, not_covered_lines, coverage: total === 0 ? 0 : (100 * covered_lines) / total };
}

function rangeIn(text: string, start: number, end: number): Range {
  return { start: positionIn(text, start), end: positionIn(text, end) };
}

function positionIn(text: string, offset: number): Position {
  const before = text.slice(0, offset).split('\n');
  return { row: before.length, col: [...before.at(-1)!].length + 1 };
}

function before(a: Position, b: Position): number {
  return a.row - b.row || a.col - b.col;
}

function contains(outer: Range, inner: Range): boolean {
  return before(outer.start, inner.start) <= 0 && before(outer.end, inner.end) >= 0;
}

/** Each range once, in the order of the text. */
function unique(ranges: readonly Range[]): Range[] {
  const byText = new Map(ranges.map((range) => [JSON.stringify(range), range]));
  return [...byText.values()].sort((a, b) => before(a.start, b.start) || before(a.end, b.end));
}

function rowCount(ranges: readonly Range[]): number {
  const rows = new Set<number>();
  for (const { start, end } of ranges) for (let row = start.row; row <= end.row; row++) rows.add(row);
  return rows.size;
}
