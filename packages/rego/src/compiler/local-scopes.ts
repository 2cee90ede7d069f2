/** How a variable came into a scope. */
export type Occurrence = 'argument' | 'seen' | 'assigned' | 'declared';

interface Variable {
  /** Its name from now on. */
  readonly rewritten: string;
  readonly occurrence: Occurrence;
  /** How often it was met, its declaration included. */
  count: number;
}

/** Variables of a rule by their names in the policy, innermost scope last. */
export class LocalScopes {
  readonly #scopes: Map<string, Variable>[] = [new Map()];

  /** The scopes of a branch that starts with what the rule's parameters left. */
  copy(): LocalScopes {
    const copy = new LocalScopes();
    for (const [name, variable] of this.#scopes[0]!) copy.#scopes[0]!.set(name, { ...variable });
    return copy;
  }

  enter(): void {
    this.#scopes.push(new Map());
  }

  leave(): void {
    this.#scopes.pop();
  }

  insert(name: string, rewritten: string, occurrence: Occurrence): void {
    this.#innermost.set(name, { rewritten, occurrence, count: 1 });
  }

  /** How the innermost scope knows a variable. */
  occurrence(name: string): Occurrence | undefined {
    return this.#innermost.get(name)?.occurrence;
  }

  /** A variable in the innermost scope that has it. */
  find(name: string): Readonly<Variable> | undefined {
    return this.#find(name);
  }

  /** The name that a variable has from now on. */
  rewritten(name: string): string | undefined {
    return this.#find(name)?.rewritten;
  }

  see(name: string): void {
    const variable = this.#find(name);
    if (variable !== undefined) variable.count++;
  }

  /** The variables of the innermost scope. */
  get variables(): Iterable<readonly [string, Readonly<Variable>]> {
    return this.#innermost;
  }

  /** The variable in the outermost scope, which is that of the rule's head. */
  outermost(name: string): Readonly<Variable> | undefined {
    return this.#scopes[0]!.get(name);
  }

  get #innermost(): Map<string, Variable> {
    return this.#scopes[this.#scopes.length - 1]!;
  }

  #find(name: string): Variable | undefined {
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const found = this.#scopes[index]!.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
