import type { Location } from '../ast/types.ts';
import type { TraceEvent, Tracer } from '../topdown/events.ts';
import { compareStrings } from '../values/index.ts';

/** What one line of a policy cost, in the shape of `opa eval --profile`. */
export interface ExpressionStats {
  readonly total_time_ns: number;
  readonly num_eval: number;
  readonly num_redo: number;
  /** How many expressions the compiler made of the line. */
  readonly num_gen_expr: number;
  readonly location: { readonly file: string; readonly row: number; readonly col: number };
  /** Of the expression that was evaluated first. */
  readonly text: string;
}

export type ProfileOrder = 'total_time_ns' | 'num_eval' | 'num_redo' | 'num_gen_expr' | 'file' | 'line';

const DEFAULT_ORDER: readonly ProfileOrder[] = ['total_time_ns', 'num_eval', 'num_redo', 'file', 'line'];

interface Line {
  readonly location: Location;
  ns: number;
  evaluated: number;
  redone: number;
  readonly expressions: Set<number>;
}

/**
 * Measures the expressions of an evaluation by line (`v1/profiler` of OPA): an expression's time goes on until the next
 * one begins. Times are those of the interpreter, and say how lines compare and not what they cost otherwise.
 */
export class Profiler implements Tracer {
  readonly wantsLocals = false;
  readonly wantsUnify = false;
  readonly #lines = new Map<string, Line>();
  #last: { readonly line: Line; readonly since: number } | undefined;

  trace({ operation, node }: TraceEvent): void {
    if (node?.kind !== 'expr' || (operation !== 'Eval' && operation !== 'Redo')) return;
    this.#stop();
    const { location, source } = node.expr;
    const key = `${location.row} ${location.file}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { location, ns: 0, evaluated: 0, redone: 0, expressions: new Set() };
      this.#lines.set(key, line);
    }
    line.expressions.add(source.index);
    if (operation === 'Eval') line.evaluated++;
    else line.redone++;
    this.#last = { line, since: performance.now() };
  }

  #stop(): void {
    if (this.#last !== undefined) this.#last.line.ns += (performance.now() - this.#last.since) * 1e6;
    this.#last = undefined;
  }

  /** The lines, the most of what `order` names first; at most `limit`, or all of them for 0. */
  report(order: readonly ProfileOrder[] = [], limit = 0): ExpressionStats[] {
    this.#stop();
    const stats = [...this.#lines.values()].map(({ location, ns, evaluated, redone, expressions }) => ({
      total_time_ns: Math.round(ns),
      num_eval: evaluated,
      num_redo: redone,
      num_gen_expr: expressions.size,
      location: { file: location.file, row: location.row, col: location.col },
      text: location.text,
    }));
    const criteria = order.length === 0 ? DEFAULT_ORDER : order;
    stats.sort((a, b) => {
      for (const criterion of criteria) {
        const result = compareBy(criterion, a, b);
        if (result !== 0) return result;
      }
      return 0;
    });
    return limit > 0 ? stats.slice(0, limit) : stats;
  }
}

function compareBy(criterion: ProfileOrder, a: ExpressionStats, b: ExpressionStats): number {
  if (criterion === 'file') return compareStrings(b.location.file, a.location.file);
  return criterion === 'line' ? b.location.row - a.location.row : b[criterion] - a[criterion];
}
