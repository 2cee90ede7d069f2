import { conflict, MESSAGES } from '../eval/faults.ts';
import { equal, keyOf, RegoObject, RegoSet, type Value } from '../values/index.ts';
import type { Bindings } from './bindings.ts';
import { cacheKey } from './cache-key.ts';
import type { Continue, Step } from './exit.ts';
import type { Frame } from './frame.ts';
import { type RuleRead, readOn, traceRule } from './read-rules.ts';
import { readTerm } from './read-term.ts';
import { objectTerm, setTerm, type Term, type TracedRule, valueTerm } from './terms.ts';
import { known, unify } from './unify.ts';

/** Reads a set, or an object to which rules add members (`evalVirtualPartial` of OPA). */
export function readPartial(read: RuleRead, isSet: boolean, next: Continue): Step {
  const { frame, path, result } = read;
  const { saving } = frame.evaluation;
  const here = path.ref.terms.slice(0, path.at + 1);
  const isUnknown = saving !== undefined && frame.unknown([{ kind: 'ref', terms: here }], path.in);
  const isAll = path.ref.terms.length === path.at + 1;
  if (saving !== undefined) {
    const supports = isAll ? isUnknown : (isUnknown && saving.shallow) || saving.isDisabled(here, false);
    if (supports) return saving.supportPartial(read, isSet, next);
  }
  if (!isAll) return readMember(read, isSet, isUnknown, next);
  const key = cacheKey(path.plugged.slice(0, path.at + 1));
  let value = frame.scope.cache.get(key);
  if (value === undefined) {
    value = valueTerm(evaluateAll(read, isSet));
    frame.scope.cache.set(key, value);
  }
  return unify(frame, value, result.term, path.in, result.in, next);
}

function evaluateAll(read: RuleRead, isSet: boolean): Value {
  const members = new Members(isSet, read.path.at);
  for (const rule of read.candidates.rules) {
    const child = read.frame.child(rule.body);
    traceRule(child, 'Enter', rule);
    child.evaluate(() => {
      traceRule(child, 'Exit', rule);
      members.add(rule, child.bindings);
      traceRule(child, 'Redo', rule);
      return undefined;
    });
  }
  return members.value;
}

function readMember(read: RuleRead, isSet: boolean, isUnknown: boolean, next: Continue): Step {
  const { frame, path, candidates } = read;
  const { rules } = candidates;
  if (rules.length === 0 && candidates.default === undefined) return undefined;
  const { terms } = path.ref;
  const length = longestRef(rules, terms.length);
  if (frame.evaluation.saving !== undefined && frame.unknown(terms.slice(path.at + 1, length), path.in)) {
    for (const rule of rules) {
      const step = unifyAfter(read, rule, next);
      if (step !== undefined) return step;
    }
    return undefined;
  }
  const { cache } = frame.scope;
  const found = isUnknown ? undefined : lookUp(read, length);
  if (found?.step !== undefined) return found.step();
  if (found?.all === true) {
    const value = valueTerm(evaluateAll(read, isSet));
    cache.set(found.key, value);
    return readOn(read, { term: value, in: path.in }, next);
  }
  const members = new Members(isSet, path.at);
  for (const rule of rules) {
    const step = unifyBefore(read, rule, members, isUnknown, next);
    if (step !== undefined) return step;
  }
  if (isUnknown) return undefined;
  const { value } = members;
  if (found !== undefined && found.key !== '') {
    const part = memberAt(value, found.path);
    if (part !== undefined) cache.set(found.key, valueTerm(part));
  }
  return readOn(read, { term: valueTerm(value), in: path.in }, next);

  function lookUp(
    { result }: RuleRead,
    end: number,
  ): { key: string; path: readonly Value[]; all: boolean; step: Continue | undefined } {
    const plugged = path.plugged.slice(0, path.at + 1);
    const base = cacheKey(plugged);
    const cached = cache.get(base);
    if (cached !== undefined) {
      return {
        key: base,
        path: [],
        all: false,
        step: () => readOn(read, { term: cached, in: path.in }, next),
      };
    }
    if (path.in.plug(terms[path.at + 1] as Term).kind === 'var') {
      return { key: base, path: [], all: true, step: undefined };
    }
    // Known keys to the right of an unknown one narrow what was evaluated, and are a part of the key for it.
    const keys: Value[] = [];
    const scope: Term[] = [];
    let isScoped = false;
    for (let at = path.at + 1; at < end; at++) {
      const term = path.in.plug(terms[at] as Term);
      if (!isScoped && term.kind === 'value') keys.push(term.value);
      else {
        isScoped = true;
        if (keys.length === 0) break;
        scope.push(term);
      }
      const known = cache.get(keyFor(base, keys, scope));
      if (known !== undefined) {
        const rest = { terms, at: path.at + 1 + keys.length, in: path.in };
        return {
          key: '',
          path: keys,
          all: false,
          step: () => readTerm(frame, rest, { term: known, in: path.in }, result, next),
        };
      }
    }
    while (scope.length > 0 && scope.at(-1)?.kind === 'var') scope.pop();
    return {
      key: keys.length === 0 ? '' : keyFor(base, keys, scope),
      path: keys,
      all: false,
      step: undefined,
    };
  }
}

function keyFor(base: string, keys: readonly Value[], scope: readonly Term[]): string {
  return `${base}${keys.map(keyOf).join('')}${scope.length === 0 ? '' : `|${cacheKey(scope)}`}`;
}

function memberAt(value: Value, path: readonly Value[]): Value | undefined {
  let current: Value | undefined = value;
  for (const key of path) {
    if (current instanceof RegoObject) current = current.get(key);
    else if (current instanceof RegoSet) current = current.has(key) ? key : undefined;
    else return undefined;
  }
  return current;
}

function longestRef(rules: readonly TracedRule[], limit: number): number {
  return Math.min(
    limit,
    Math.max(0, ...rules.map(({ ref, isMultiValue }) => ref.length + (isMultiValue ? 1 : 0))),
  );
}

/** Evaluates a rule for the keys that are asked for only. */
function unifyBefore(
  read: RuleRead,
  rule: TracedRule,
  members: Members,
  isUnknown: boolean,
  next: Continue,
): Step {
  const { frame, path } = read;
  const child = frame.child(rule.body);
  traceRule(child, 'Enter', rule);
  const step = unifyHead(child, read, rule, child.bindings, () => {
    child.defined = true;
    return child.evaluate(() => {
      traceRule(child, 'Exit', rule);
      let after: Step;
      if (isUnknown) after = readOn(read, headTerm(rule, child.bindings, path.at), next);
      else if (!members.add(rule, child.bindings)) traceRule(child, 'Duplicate', rule);
      if (after === undefined) traceRule(child, 'Redo', rule);
      return after;
    });
  });
  if (step === undefined && !child.defined) traceRule(child, 'Fail', rule);
  return step;
}

/** Evaluates a rule, and only then looks at keys of which something is unknown. */
function unifyAfter(read: RuleRead, rule: TracedRule, next: Continue): Step {
  const { frame, path } = read;
  const child = frame.child(rule.body);
  traceRule(child, 'Enter', rule);
  const step = child.evaluate(() => {
    child.defined = true;
    return unifyHead(frame, read, rule, child.bindings, () => {
      traceRule(child, 'Exit', rule);
      const after = readOn(read, headTerm(rule, child.bindings, path.at), next);
      if (after === undefined) traceRule(child, 'Redo', rule);
      return after;
    });
  });
  if (!child.defined) traceRule(child, 'Fail', rule);
  return step;
}

/** The keys of a ref with those of a rule's head. */
function unifyHead(frame: Frame, { path }: RuleRead, rule: TracedRule, own: Bindings, next: Continue): Step {
  const { terms } = path.ref;
  const keys = (at: number): Step => {
    const [asked, given] = [terms[at], rule.ref[at]];
    if (asked !== undefined && given !== undefined) {
      return unify(frame, asked, given, path.in, own, () => keys(at + 1));
    }
    if (rule.isMultiValue && asked !== undefined && rule.key !== undefined) {
      return unify(frame, asked, rule.key, path.in, own, next);
    }
    return next();
  };
  return keys(path.at + 1);
}

/** What one success of a rule gives, as the document that it is a part of. */
function headTerm(rule: TracedRule, bindings: Bindings, at: number): { term: Term; in: Bindings } {
  const found = bindings.apply((rule.value ?? rule.key) as Term);
  const leaf = rule.isMultiValue ? setTerm([found.term]) : found.term;
  const term = rule.ref.slice(at + 1).reduceRight<Term>((inner, key) => objectTerm([[key, inner]]), leaf);
  return { term, in: found.in };
}

/** Members of a set or an object, as rules give them. */
class Members {
  readonly #at: number;
  readonly #root: RegoSet | RegoObject;
  /** Paths at which there are values: nothing else may be below them. */
  readonly #paths: (readonly Value[])[] = [];

  constructor(isSet: boolean, at: number) {
    this.#at = at;
    this.#root = isSet ? new RegoSet() : new RegoObject();
  }

  get value(): Value {
    return this.#root;
  }

  /** Says whether it was new. */
  add(rule: TracedRule, bindings: Bindings): boolean {
    if (this.#root instanceof RegoSet) return this.#root.add(known(bindings.plug(rule.key as Term)));
    const { location } = rule.source.head;
    const path = rule.ref.slice(this.#at + 1).map((term) => known(bindings.plug(term)));
    const isBelow = (above: readonly Value[]): boolean =>
      above.length < path.length && above.every((key, index) => equal(key, path[index] as Value));
    if (this.#paths.some(isBelow)) throw conflict(MESSAGES.objectKeys, location);
    this.#paths.push(path);
    let object: RegoObject = this.#root;
    for (const key of path.slice(0, -1)) {
      const inner: Value = object.get(key) ?? new RegoObject();
      if (!(inner instanceof RegoObject)) throw conflict(MESSAGES.objectKeys, location);
      object.set(key, inner);
      object = inner;
    }
    const leaf = path.at(-1) as Value;
    const before = object.get(leaf);
    if (rule.isMultiValue) {
      if (before !== undefined && !(before instanceof RegoSet)) throw conflict(MESSAGES.objectKeys, location);
      const set = before ?? new RegoSet();
      object.set(leaf, set);
      return set.add(known(bindings.plug(rule.key as Term)));
    }
    const value = known(bindings.plug(rule.value as Term));
    if (before === undefined) object.set(leaf, value);
    else if (!equal(before, value)) throw conflict(MESSAGES.objectKeys, location);
    return before === undefined;
  }
}
