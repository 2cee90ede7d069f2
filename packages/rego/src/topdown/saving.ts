import type { Bindings } from './bindings.ts';
import type { FunctionCall } from './calls.ts';
import type { Continue, Step } from './exit.ts';
import type { Frame } from './frame.ts';
import type { RuleRead } from './read-rules.ts';
import type { Body, ComprehensionTerm, Expression, RefTerm, Term } from './terms.ts';

export interface Saving {
  readonly shallow: boolean;
  readonly inlining: {
    isInternal: boolean;
    refs: readonly (readonly Term[])[];
    variable: string | undefined;
  }[];
  contains(term: Term, bindings: Bindings | undefined): boolean;
  containsWithin(term: Term, bindings: Bindings): boolean;
  requiresSave(terms: readonly Term[], bindings: Bindings): boolean;
  expressionRequiresSave(expr: Expression, bindings: Bindings): boolean;
  bodyRequiresSave(body: Body, bindings: Bindings): boolean;
  isDisabled(ref: readonly Term[], ignoreInternal: boolean): boolean;
  isDisabledVariable(term: Term): boolean;
  nextRef(): number;
  refsOf(frame: Frame, expr: Expression): readonly (readonly Term[])[];
  saveTerm(frame: Frame, term: Term, bindings: Bindings, next: Continue): Step;
  saveWhole(frame: Frame, expr: Expression, next: Continue): Step;
  saveClosed(frame: Frame, expr: Expression, next: Continue): Step;
  saveUnify(frame: Frame, a: Term, b: Term, b1: Bindings, b2: Bindings, next: Continue): Step;
  saveCall(
    frame: Frame,
    operator: RefTerm,
    name: string,
    args: readonly Term[],
    arity: number,
    next: Continue,
  ): Step;
  saveNegation(frame: Frame, expr: Expression, body: Body, next: Continue): Step;
  amendComprehension(frame: Frame, term: ComprehensionTerm, bindings: Bindings): ComprehensionTerm;
  supportComplete(read: RuleRead, next: Continue): Step;
  supportPartial(read: RuleRead, isSet: boolean, next: Continue): Step;
  supportFunction(call: FunctionCall, next: Continue): Step;
}
