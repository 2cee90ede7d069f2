import { type Place, unsupported } from './source.ts';

interface Reference<Name> {
  readonly to: Name;
  /** Where it stands, if only a document that has the field around it has it evaluated. */
  readonly optional: Place | null;
}

/** Which fields refer to which, as far as names tell. */
export class References<Name extends object> {
  readonly #from = new Map<Name, Reference<Name>[]>();

  add(from: Name, to: Name, optional: Place | null): void {
    const references = this.#from.get(from) ?? [];
    references.push({ to, optional });
    this.#from.set(from, references);
  }

  /**
   * Cycles among fields that are there are found when they are evaluated. One that goes through an optional field is
   * perhaps never evaluated here, where CUE looks at it all the same, and sometimes refuses the policy.
   *
   * @throws cue_unsupported_error
   */
  refuseOptionalCycles(): void {
    for (const [from, references] of this.#from)
      for (const { to, optional } of references)
        if (optional !== null && this.#leadsTo(to, from))
          throw unsupported(optional, 'an optional field that leads back to what it is part of');
  }

  #leadsTo(start: Name, goal: Name): boolean {
    const seen = new Set([start]);
    for (const name of seen) {
      if (name === goal) return true;
      for (const { to } of this.#from.get(name) ?? []) seen.add(to);
    }
    return false;
  }
}
