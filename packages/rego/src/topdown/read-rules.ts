import type { RuleNode } from '../compiler/rule-tree.ts';
import { conflict, MESSAGES } from '../eval/faults.ts';
import { equal, type Value } from '../values/index.ts';
import { cacheKey } from './cache-key.ts';
import { type Continue, Iteration, type Step, suppress } from './exit.ts';
import type { Frame } from './frame.ts';
import { readPartial } from './read-partial.ts';
import { type Placed, readTerm } from './read-term.ts';
import type { TreePath } from './read-tree.ts';
import type { Candidates, RuleIndex } from './rule-index.ts';
import { refTerm, type Term, type TracedRule, valueTerm } from './terms.ts';
import { known } from './unify.ts';

/** A ref that has come to a place with rules, at `path.at`. */
export interface RuleRead {
  readonly frame: Frame;
  readonly path: TreePath;
  readonly candidates: Candidates;
  readonly result: Placed;
}

/** Asks the index of a place for the rules that can apply. */
export function candidatesAt(
  frame: Frame,
  index: RuleIndex,
  ref: readonly Term[],
  args?: readonly Term[],
): Candidates {
  const { indexing = true, earlyExit: exits = true } = frame.evaluation.options;
  const found = indexing ? index.lookup((place) => frame.resolvePlace(place, args)) : index.all();
  const candidates = exits ? found : { ...found, earlyExit: false };
  const expr = frame.query[frame.index];
  if (frame.traced && expr !== undefined) {
    const { rules, earlyExit } = candidates;
    const count = `${rules.length} rule${rules.length === 1 ? '' : 's'}`;
    frame.traceExpression(
      'Index',
      expr,
      `(matched ${count}${earlyExit ? ', early exit' : ''})`,
      refTerm(ref),
    );
  }
  return candidates;
}

/** Evaluates the rules at a place and goes on in what they give (`evalVirtual` of OPA). */
export function readRules(
  frame: Frame,
  path: TreePath,
  node: RuleNode,
  result: Placed,
  next: Continue,
): Step {
  const { program, saving } = frame.evaluation;
  const index = program.index(node);
  if (index === undefined) return undefined;
  const candidates = candidatesAt(frame, index, path.plugged.slice(0, path.at + 1));
  if (saving !== undefined && candidates.branches.size > 0 && frame.unknown([path.ref], path.in)) {
    return saving.saveUnify(frame, path.ref, result.term, path.in, result.in, next);
  }
  const read: RuleRead = { frame, path, candidates, result };
  if (index.isMultiValue || !index.onlyGroundRefs) {
    return readPartial(read, index.isMultiValue && index.onlyGroundRefs, next);
  }
  return readComplete(read, next);
}

/** Goes on below the place of the rules, in a term that they gave. */
export function readOn({ frame, path, result }: RuleRead, term: Placed, next: Continue): Step {
  return readTerm(frame, { terms: path.ref.terms, at: path.at + 1, in: path.in }, term, result, next);
}

function readComplete(read: RuleRead, next: Continue): Step {
  const { frame, path, candidates, result } = read;
  const { rules, default: fallback } = candidates;
  const first = rules[0] ?? fallback;
  if (first === undefined || first.args.length > 0) return undefined;
  const { saving } = frame.evaluation;
  if (saving === undefined || !frame.unknown([path.ref], path.in)) return evaluateComplete(read, next);
  let needsSupport = saving.shallow || saving.isDisabled(path.plugged.slice(0, path.at + 1), false);
  if (fallback !== undefined && !needsSupport) {
    const value = fallback.value as Term;
    // The default counts unless something else is asked for.
    const wanted = result.in.plug(result.term);
    needsSupport = wanted.kind !== 'value' || (value.kind === 'value' && equal(value.value, wanted.value));
  }
  return needsSupport ? saving.supportComplete(read, next) : partiallyComplete(read, next);
}

function evaluateComplete(read: RuleRead, next: Continue): Step {
  const { frame, path, candidates } = read;
  const { cache } = frame.scope;
  const key = cacheKey(path.plugged.slice(0, path.at + 1));
  if (cache.has(key)) {
    const cached = cache.get(key);
    return cached === undefined ? undefined : readOn(read, { term: cached, in: path.in }, next);
  }
  const evaluation = new CompleteEvaluation(read, key, next);
  const iteration = new Iteration();
  for (const rule of candidates.rules) {
    for (const branch of [rule, ...(candidates.branches.get(rule) ?? [])]) {
      const { value, step } = evaluation.rule(branch);
      const exit = iteration.after(step);
      if (exit !== undefined) return suppress(exit);
      if (value !== undefined) break;
    }
  }
  if (candidates.default !== undefined && evaluation.value === undefined) {
    return suppress(evaluation.rule(candidates.default).step);
  }
  if (evaluation.value === undefined) cache.set(key, undefined);
  return suppress(iteration.result);
}

class CompleteEvaluation {
  readonly #read: RuleRead;
  readonly #key: string;
  readonly #next: Continue;
  /** What the rules so far have in common. */
  value: Value | undefined;

  constructor(read: RuleRead, key: string, next: Continue) {
    this.#read = read;
    this.#key = key;
    this.#next = next;
  }

  rule(rule: TracedRule): { value: Value | undefined; step: Step } {
    const { frame, candidates } = this.#read;
    const child = frame.child(rule.body, candidates.earlyExit);
    traceRule(child, 'Enter', rule);
    let value: Value | undefined;
    const step = child.evaluate(() => {
      traceRule(child, 'Exit', rule);
      value = known(child.bindings.plug(rule.value as Term));
      if (this.value !== undefined) {
        if (!equal(value, this.value)) throw conflict(MESSAGES.complete, rule.location);
        traceRule(child, 'Redo', rule);
        return undefined;
      }
      this.value = value;
      frame.scope.cache.set(this.#key, valueTerm(value));
      const after = readOn(this.#read, child.bindings.apply(rule.value as Term), this.#next);
      if (after === undefined) traceRule(child, 'Redo', rule);
      return after;
    });
    return { value, step };
  }
}

/** Each rule with what stays unknown in it, in place of the ref. */
function partiallyComplete(read: RuleRead, next: Continue): Step {
  for (const rule of read.candidates.rules) {
    const child = read.frame.child(rule.body);
    traceRule(child, 'Enter', rule);
    const step = child.evaluate(() => {
      traceRule(child, 'Exit', rule);
      const after = readOn(read, child.bindings.apply(rule.value as Term), next);
      if (after === undefined) traceRule(child, 'Redo', rule);
      return after;
    });
    if (step !== undefined) return step;
  }
  return undefined;
}

export function traceRule(
  frame: Frame,
  operation: 'Enter' | 'Exit' | 'Redo' | 'Fail' | 'Duplicate',
  rule: TracedRule,
): void {
  if (!frame.traced) return;
  const message = operation === 'Exit' && frame.findOne ? 'early' : '';
  frame.trace(operation, { kind: 'rule', rule }, rule.location, message);
}
