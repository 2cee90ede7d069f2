import { arrayTerm, objectTerm, refTerm, setTerm, type Term, type VarTerm, varTerm } from './terms.ts';

interface Bound {
  readonly term: Term;
  readonly in: Bindings;
}

/** The variables of one rule or query under evaluation. A variable may stand for a term of another's. */
export class Bindings {
  readonly id: number;
  readonly #values = new Map<string, Bound>();

  constructor(id: number) {
    this.id = id;
  }

  /** Binds a variable while `run` runs. */
  bind<R>(variable: VarTerm, term: Term, other: Bindings, run: () => R): R {
    this.#values.set(variable.name, { term, in: other });
    const result = run();
    this.#values.delete(variable.name);
    return result;
  }

  /** What a variable stands for in the end, and whose variables that has; any other term is itself. */
  apply(term: Term): Bound {
    let current = term;
    let bindings: Bindings = this;
    while (current.kind === 'var') {
      const bound = bindings.#values.get(current.name);
      if (bound === undefined) break;
      current = bound.term;
      bindings = bound.in;
    }
    return { term: current, in: bindings };
  }

  /**
   * The term with what is known put in for its variables. With `caller`, those that stay are told apart from the
   * caller's by a number.
   */
  plug(term: Term, caller?: Bindings): Term {
    switch (term.kind) {
      case 'var': {
        const found = this.apply(term);
        if (found.term !== term || found.in !== this) return found.in.plug(found.term, caller);
        return this.named(term, caller);
      }
      case 'array':
        return arrayTerm(term.items.map((item) => this.plug(item, caller)));
      case 'set':
        return setTerm(term.items.map((item) => this.plug(item, caller)));
      case 'object':
        return objectTerm(
          term.pairs.map(([key, value]) => [this.plug(key, caller), this.plug(value, caller)] as const),
        );
      case 'ref':
        return refTerm(term.terms.map((part) => this.plug(part, caller)));
      default:
        return term;
    }
  }

  /** Each variable that is bound, in the order in which they were. */
  *entries(caller?: Bindings): Generator<readonly [name: string, term: Term]> {
    for (const name of this.#values.keys()) yield [name, this.plug(varTerm(name), caller)];
  }

  named(variable: VarTerm, caller: Bindings | undefined): VarTerm {
    const isRoot = variable.name === 'input' || variable.name === 'data';
    return caller === undefined || caller === this || isRoot
      ? variable
      : varTerm(`${variable.name}${this.id}`);
  }
}
