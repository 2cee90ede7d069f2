import type { Location } from '../ast/types.ts';
import type { Value } from '../values/index.ts';
import type { Body, Expression, RefTerm, Term, TracedRule } from './terms.ts';

/** What happened, by OPA's names (`v1/topdown/trace.go`). */
export type Operation =
  | 'Enter'
  | 'Exit'
  | 'Eval'
  | 'Redo'
  | 'Fail'
  | 'Note'
  | 'Index'
  | 'Unify'
  | 'Save'
  | 'Duplicate';

export type TracedNode =
  | { readonly kind: 'body'; readonly body: Body }
  | { readonly kind: 'rule'; readonly rule: TracedRule }
  | { readonly kind: 'expr'; readonly expr: Expression }
  | { readonly kind: 'unify'; readonly left: Term; readonly right: Term };

/** One step of an evaluation. */
export interface TraceEvent {
  readonly operation: Operation;
  /** Absent for notes. */
  readonly node: TracedNode | undefined;
  readonly location: Location | undefined;
  readonly queryId: number;
  readonly parentId: number;
  /** The text of a note, or what is to be said of an index or an exit. */
  readonly message: string;
  /** What was looked up in an index. */
  readonly ref: RefTerm | undefined;
  /** The variables bound at this moment, where the tracer asks for them. */
  readonly locals: ReadonlyMap<string, Term> | undefined;
  /** Documents that the node names and that have been evaluated. */
  readonly documents: ReadonlyMap<RefTerm, Value> | undefined;
}

export interface Tracer {
  trace(event: TraceEvent): void;
  /** Each event has the values of variables, which makes tracing slow. */
  readonly wantsLocals: boolean;
  /** Every comparison of two terms is an event. */
  readonly wantsUnify: boolean;
}
