import { NO_LOCATION } from '../../ast/nodes.ts';
import type { Term } from '../../ast/types.ts';
import type { Builtin } from '../../builtins/types.ts';
import { varTerm } from '../tree.ts';
import { TypeNode } from './env.ts';
import { functionType } from './function-type.ts';

/** Types of the built-in functions by their names. Each is made when it is looked for: of hundreds a policy calls a few. */
export class BuiltinTypes extends TypeNode {
  /** By the first word of their names. */
  readonly #unmade = new Map<string, Builtin[]>();

  constructor(builtins: Iterable<Builtin>) {
    super();
    for (const builtin of builtins) {
      const dot = builtin.name.indexOf('.');
      const head = dot < 0 ? builtin.name : builtin.name.slice(0, dot);
      const known = this.#unmade.get(head);
      if (known === undefined) this.#unmade.set(head, [builtin]);
      else known.push(builtin);
    }
  }

  override child(term: Term): TypeNode | undefined {
    if (term.kind === 'var') this.#make(term.name);
    return super.child(term);
  }

  #make(name: string): void {
    const builtins = this.#unmade.get(name);
    if (builtins === undefined) return;
    this.#unmade.delete(name);
    for (const builtin of builtins) {
      const [head, ...rest] = builtin.name.split('.') as [string, ...string[]];
      const path: Term[] = [
        varTerm(head, NO_LOCATION),
        ...rest.map((value): Term => ({ kind: 'string', value, location: NO_LOCATION })),
      ];
      this.put(path, functionType(builtin));
    }
  }
}
