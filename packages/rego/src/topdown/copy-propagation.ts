import { compareTerms } from '../ast/compare.ts';
import { isGround, NO_LOCATION } from '../ast/nodes.ts';
import type { Body, Call, Expr, Term } from '../ast/types.ts';
import { constantOf } from '../compiler/constants.ts';
import { outputsOf, outputsOfBody } from '../compiler/outputs.ts';
import { equalityExpr, isComprehension, isEquality, operatorName, walk, walkAll } from '../compiler/tree.ts';
import { SAFETY_VARS, varsOf } from '../compiler/vars.ts';
import { compareStrings, equal } from '../values/index.ts';
import type { Program } from './program.ts';
import { statement, substituted, TRUE_SOURCE } from './saved-source.ts';

/**
 * Removes from a body the variables that only stand between other terms: `input.x = a; a > 1` becomes `input.x > 1`
 * (`v1/topdown/copypropagation` of OPA). `live` are variables that must stay.
 */
export function propagateCopies(
  body: Body,
  live: ReadonlySet<string>,
  program: Program,
  ensureNonEmpty: boolean,
): Body {
  const classes = equalClasses(body, live);
  if (classes === undefined) return body;
  const result = new Propagation(live, program, classes).apply(body);
  return result.length === 0 && ensureNonEmpty ? [statement(TRUE_SOURCE)] : result;
}

/** Variables that must be equal, and what they must be. */
interface EqualClass {
  readonly root: string;
  constant: Term | undefined;
}

class EqualClasses {
  readonly #live: ReadonlySet<string>;
  readonly #parents = new Map<string, string>();
  readonly #constants = new Map<string, Term>();

  constructor(live: ReadonlySet<string>) {
    this.#live = live;
  }

  add(name: string): string {
    if (!this.#parents.has(name)) this.#parents.set(name, name);
    return this.#root(name);
  }

  #root(name: string): string {
    let current = name;
    for (let parent = this.#parents.get(current); parent !== undefined && parent !== current; ) {
      current = parent;
      parent = this.#parents.get(current);
    }
    return current;
  }

  /** False where the variables cannot be equal. */
  merge(a: string, b: string): boolean {
    const [x, y] = [this.add(a), this.add(b)];
    if (x === y) return true;
    const [above, below] = this.#live.has(x) ? [x, y] : [y, x];
    const constant = this.#constants.get(below);
    this.#parents.set(below, above);
    return constant === undefined || this.set(above, constant);
  }

  set(name: string, constant: Term): boolean {
    const root = this.add(name);
    const known = this.#constants.get(root);
    this.#constants.set(root, constant);
    return known === undefined || sameConstant(known, constant);
  }

  forget(name: string): void {
    this.#constants.delete(this.add(name));
  }

  find(name: string): EqualClass | undefined {
    if (!this.#parents.has(name)) return undefined;
    const root = this.#root(name);
    return { root, constant: this.#constants.get(root) };
  }
}

function sameConstant(a: Term, b: Term): boolean {
  const [x, y] = [constantOf(a), constantOf(b)];
  return x !== undefined && y !== undefined && equal(x, y);
}

function equalClasses(body: Body, live: ReadonlySet<string>): EqualClasses | undefined {
  const classes = new EqualClasses(live);
  for (const expr of body) {
    if (!isEquality(expr) || expr.negated || expr.with.length > 0) continue;
    const [a, b] = (expr.terms as Call).args as [Term, Term];
    let isPossible = true;
    if (a.kind === 'var' && b.kind === 'var') isPossible = classes.merge(a.name, b.name);
    else if (a.kind === 'var' && constantOf(b) !== undefined) isPossible = classes.set(a.name, b);
    else if (b.kind === 'var' && constantOf(a) !== undefined) isPossible = classes.set(b.name, a);
    if (!isPossible) return undefined;
  }
  return classes;
}

class Propagation {
  readonly #live: ReadonlySet<string>;
  readonly #program: Program;
  readonly #classes: EqualClasses;
  /** What stands for variables whose equality was taken away. */
  readonly #removed = new Map<string, Term>();
  /** Variables that stand for nothing but that a ref has to have a value. */
  readonly #placeholders = new Set<string>();
  /** Variables into which refs lead. */
  readonly #heads = new Set<string>();

  constructor(live: ReadonlySet<string>, program: Program, classes: EqualClasses) {
    this.#live = live;
    this.#program = program;
    this.#classes = classes;
  }

  apply(body: Body): Body {
    walkAll(body, (node) => {
      const head = node.kind === 'ref' ? node.terms[0] : undefined;
      if (head?.kind === 'var') {
        const known = this.#classes.find(head.name);
        if (known !== undefined) this.#classes.forget(head.name);
        this.#heads.add(known?.root ?? head.name);
      }
      return false;
    });
    const result: Body = [];
    for (const expr of body) {
      let plugged = this.#plug(expr);
      if (plugged.terms.kind === 'not') plugged = this.#within(plugged);
      if (this.#keeps(plugged)) result.push(plugged);
    }
    for (const name of [...this.#live].sort(compareStrings)) {
      const known = this.#classes.find(name);
      if (known === undefined) continue;
      const variable = sourceVar(name);
      const removed = this.#removed.get(known.root);
      if (known.constant !== undefined) result.push(equalityExpr(variable, known.constant, NO_LOCATION));
      else if (removed !== undefined) result.push(equalityExpr(variable, removed, NO_LOCATION));
      else if (known.root !== name) result.push(equalityExpr(variable, sourceVar(known.root), NO_LOCATION));
    }
    return this.#withNeeded(result) ?? body;
  }

  /** Puts equalities back that give variables their value, or without which a ref need not have one. */
  #withNeeded(result: Body): Body | undefined {
    const context = this.#program.context;
    const safe = new Set(this.#live);
    for (const name of outputsOfBody(result, safe, context)) safe.add(name);
    const unsafe = varsOf(result, SAFETY_VARS);
    for (const name of safe) unsafe.delete(name);
    const removed = [...this.#removed].sort(([a], [b]) => compareStrings(b, a));
    for (const [name, term] of removed) {
      const expr = equalityExpr(sourceVar(name), term, NO_LOCATION);
      const outputs = outputsOf(expr, safe, context);
      const gives = [...outputs].some((output) => unsafe.delete(output));
      const isDocument = term.kind === 'ref' && term.terms.length === 1;
      if (gives || (!isDocument && !isContained(term, result))) {
        result.push(this.#placeholders.has(name) && term.kind === 'ref' ? statement(term) : expr);
        for (const output of outputs) safe.add(output);
      }
    }
    return unsafe.size > 0 ? undefined : result;
  }

  #plug(expr: Expr): Expr {
    const isNegated = expr.negated || expr.terms.kind === 'not';
    const replacement = (name: string): Term => {
      const known = this.#classes.find(name);
      if (known?.constant !== undefined) return known.constant;
      const root = known?.root ?? name;
      const removed = this.#removed.get(root);
      const stays = removed === undefined || (isNegated && !isGround(removed)) || varsOf([removed]).has(root);
      return stays ? sourceVar(root) : removed;
    };
    return substituted(expr, replacement);
  }

  /** The body of a negation, on its own. */
  #within(expr: Expr): Expr {
    const { terms } = expr;
    if (terms.kind !== 'not') return expr;
    const isLive = (name: string): boolean =>
      this.#live.has(name) || this.#classes.find(name) !== undefined || this.#removed.has(name);
    const live = new Set([...varsOf(terms.body, SAFETY_VARS)].filter(isLive));
    return { ...expr, terms: { ...terms, body: propagateCopies(terms.body, live, this.#program, true) } };
  }

  /** Whether an expression has to stay; if not, it is remembered for its variable. */
  #keeps(expr: Expr): boolean {
    if (expr.negated || expr.terms.kind === 'not' || expr.with.length > 0) return true;
    if (isEquality(expr)) {
      const [a, b] = (expr.terms as Call).args as [Term, Term];
      if (compareTerms(a, b) === 0) {
        // It says still that the ref has a value.
        const head = a.kind === 'ref' ? a.terms[0] : undefined;
        const isRoot = head?.kind === 'var' && (head.name === 'input' || head.name === 'data');
        if (isRoot || (head?.kind === 'var' && this.#live.has(head.name))) {
          const name = `__localcp${this.#placeholders.size}__`;
          this.#placeholders.add(name);
          this.#removed.set(name, a);
        }
        return false;
      }
      return !(this.#removes(a, b) || this.#removes(b, a));
    }
    const { terms } = expr;
    if (terms.kind === 'call') {
      const output = terms.args.at(-1);
      const takesResult = this.#program.context.arity(terms.operator) === terms.args.length - 1;
      if (
        takesResult &&
        output?.kind === 'var' &&
        !this.#live.has(output.name) &&
        !this.#heads.has(output.name)
      ) {
        this.#removed.set(output.name, { ...terms, args: terms.args.slice(0, -1) });
        return false;
      }
      const [a, b] = terms.args;
      const isTrivial = operatorName(terms.operator) === 'equal' && a !== undefined && b !== undefined;
      return !(isTrivial && compareTerms(a, b) === 0);
    }
    if (terms.kind === 'every' || terms.kind === 'logicalAnd' || terms.kind === 'logicalOr') return true;
    const constant = constantOf(terms as Term);
    return constant === undefined || constant === false;
  }

  #removes(variable: Term, term: Term): boolean {
    if (variable.kind !== 'var' || this.#live.has(variable.name)) return false;
    if (term.kind !== 'ref' && term.kind !== 'call') return false;
    this.#removed.set(variable.name, term);
    return true;
  }
}

function sourceVar(name: string): Term {
  return { kind: 'var', name, location: NO_LOCATION };
}

/** Whether a term is evaluated somewhere in a body, closures left out. */
function isContained(term: Term, body: Body): boolean {
  let found = false;
  const visit = (node: Parameters<typeof walk>[0] extends infer N ? N : never): boolean => {
    if (found || node.kind === 'with') return found;
    const part = node as Term | Expr;
    if (part.kind === 'expr') {
      if (part.terms.kind !== 'every') return false;
      walk(part.terms.domain, visit as never);
      return true;
    }
    if (isComprehension(part)) return true;
    if (part.kind === 'ref' && term.kind === 'ref') {
      found =
        term.terms.length <= part.terms.length &&
        term.terms.every((inner, index) => compareTerms(inner, part.terms[index] as Term) === 0);
    } else if (part.kind === term.kind) found = compareTerms(part, term) === 0;
    return found;
  };
  walkAll(body, visit as never);
  return found;
}
