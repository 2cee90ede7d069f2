import type { ObjectTerm, Term } from '../ast/types.ts';
import { isRefSafe, isSubset, type Names } from './outputs.ts';
import { isComprehension } from './tree.ts';
import { SAFETY_VARS, type VarOptions, varsOf } from './vars.ts';

const PATTERN_VARS: VarOptions = { skipRefHead: true, skipObjectKeys: true, skipClosures: true };

/** The variables that `a = b` binds when those in `safe` are bound (`ast/unify.go`). */
export function unify(safe: Names, a: Term, b: Term): ReadonlySet<string> {
  const unifier = new Unifier(safe);
  unifier.terms(a, b);
  return unifier.unified;
}

class Unifier {
  readonly unified = new Set<string>();
  readonly #safe: Names;
  #unknown: Map<string, Set<string>> | undefined;

  constructor(safe: Names) {
    this.#safe = safe;
  }

  terms(a: Term, b: Term): void {
    if (a.kind === 'var') this.#variable(a.name, b);
    else if (b.kind === 'var') this.#variable(b.name, a);
    else if (a.kind === 'array' && b.kind === 'array') {
      if (a.items.length === b.items.length) {
        for (let index = 0; index < a.items.length; index++)
          this.terms(a.items[index] as Term, b.items[index] as Term);
      }
    } else if (a.kind === 'object' && b.kind === 'object') this.#objects(a, b);
    else if (isComprehension(a) || isComprehension(b)) this.#comprehension(a, b);
    else if (a.kind === 'array' || a.kind === 'object') this.#pattern(a, b);
    else if (b.kind === 'array' || b.kind === 'object') this.#pattern(b, a);
  }

  #variable(name: string, other: Term): void {
    switch (other.kind) {
      case 'var':
        if (other.name === 'input' || other.name === 'data' || this.#isSafe(other.name)) this.#mark(name);
        else if (this.#isSafe(name)) this.#mark(other.name);
        else {
          this.#depend(name, other.name);
          this.#depend(other.name, name);
        }
        return;
      case 'array':
      case 'object':
        if (this.#isSafe(name)) this.#markAll(other);
        else {
          const missing = [...varsOf([other], PATTERN_VARS)].filter((inner) => !this.#isSafe(inner));
          if (missing.length === 0) this.#mark(name);
          for (const inner of missing) this.#depend(name, inner);
        }
        return;
      case 'ref':
        if (isRefSafe(other, this.#safe)) this.#mark(name);
        return;
      case 'call':
        if (isSubset(varsOf([other], SAFETY_VARS), this.#safe)) this.#mark(name);
        return;
      default:
        this.#mark(name);
    }
  }

  #pattern(pattern: Term, source: Term): void {
    if (source.kind === 'ref' && isRefSafe(source, this.#safe)) this.#markAll(pattern);
    else if (source.kind === 'call' && isSubset(varsOf([source], SAFETY_VARS), this.#safe))
      this.#markAll(pattern);
  }

  /** As OPA has it, with its asymmetry: an object pattern binds only on the right of a comprehension. */
  #comprehension(a: Term, b: Term): void {
    if (a.kind === 'array' || (a.kind === 'arrayComprehension' && b.kind === 'array')) {
      this.#markAll(a.kind === 'array' ? a : b);
    } else if (a.kind === 'objectComprehension' && b.kind === 'object') this.#markAll(b);
  }

  #objects(a: ObjectTerm, b: ObjectTerm): void {
    if (a.pairs.length !== b.pairs.length) return;
    const others = new Map(b.pairs.map(([key, value]) => [sameKey(key), value]));
    for (const [key, value] of a.pairs) {
      const other = others.get(sameKey(key));
      if (other !== undefined) this.terms(value, other);
    }
  }

  #isSafe(name: string): boolean {
    return this.#safe.has(name) || this.unified.has(name);
  }

  #markAll(term: Term): void {
    for (const name of varsOf([term], PATTERN_VARS)) this.#mark(name);
  }

  #mark(name: string): void {
    this.unified.add(name);
    if (this.#unknown === undefined) return;
    const dependencies = this.#unknown.get(name);
    this.#unknown.delete(name);
    for (const other of dependencies ?? []) this.#mark(other);
    for (const [other, rest] of [...this.#unknown]) {
      if (rest.delete(name) && rest.size === 0) {
        this.#unknown.delete(other);
        this.#mark(other);
      }
    }
  }

  #depend(name: string, on: string): void {
    this.#unknown ??= new Map();
    const known = this.#unknown.get(name);
    if (known === undefined) this.#unknown.set(name, new Set([on]));
    else known.add(on);
  }
}

/** A text equal for structurally equal keys. */
function sameKey(term: Term): string {
  return JSON.stringify(term, (name, value: unknown) => (name === 'location' ? undefined : value));
}
