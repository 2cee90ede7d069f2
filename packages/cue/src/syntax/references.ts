import type { Expression } from './ast.ts';

interface Reference<Name> {
  readonly to: Name;
  /** The values of the optional fields that it stands in. */
  readonly optional: readonly Expression[];
  /** The value has to be known for something to be made of it: it is more than a part of what the field is. */
  readonly operand: boolean;
}

/** Which fields refer to which, as far as names tell. */
export class References<Name extends object> {
  readonly #from = new Map<Name, Reference<Name>[]>();

  add(from: Name, to: Name, optional: readonly Expression[], operand = false): void {
    const references = this.#from.get(from) ?? [];
    references.push({ to, optional, operand });
    this.#from.set(from, references);
  }

  /**
   * Cycles among fields that are there are found when they are evaluated, and one that goes through an optional field
   * ends where the document does (`#T: {next?: #T}`). One that goes through an operand as well, CUE looks at all the
   * same, and sometimes refuses the policy: these are the optional values to look at.
   */
  *optionalCycles(): Generator<Expression> {
    for (const [from, references] of this.#from)
      for (const { to, optional, operand } of references)
        if (optional.length > 0 && this.#leadsTo(to, from, operand)) yield* optional;
  }

  /** Whether one leads to the other, by an operand at least once. */
  #leadsTo(start: Name, goal: Name, operand: boolean): boolean {
    const plain = new Set(operand ? [] : [start]);
    const seen = new Set(operand ? [start] : []);
    for (const name of plain)
      for (const reference of this.#from.get(name) ?? [])
        (reference.operand ? seen : plain).add(reference.to);
    for (const name of seen) {
      if (name === goal) return true;
      for (const { to } of this.#from.get(name) ?? []) seen.add(to);
    }
    return false;
  }
}
