import { CueError } from '../errors.ts';
import type { Presence } from '../syntax/ast.ts';
import { unsupported } from '../syntax/source.ts';
import { isRegular, nameOf } from '../values/label.ts';
import { string } from '../values/scalar.ts';
import { free } from './closedness.ts';
import type { Machine } from './machine.ts';
import type { Conjunct, Node, Pattern } from './node.ts';

/** The fields of one node while it is expanded: each has the constraints of every pattern its name matches. */
export class Fields {
  readonly #machine: Machine;
  readonly #node: Node;
  readonly #patterns: Pattern[] = [];

  constructor(machine: Machine, node: Node) {
    this.#machine = machine;
    this.#node = node;
  }

  addPattern(pattern: Pattern): void {
    this.#patterns.push(pattern);
    for (const [label, field] of this.#node.fields) this.#constrain(pattern, label, field);
  }

  add(label: string, presence: Presence, conjunct: Conjunct): void {
    const node = this.#node;
    if (node.missed.has(label))
      throw new CueError(
        'cue_unsupported_error',
        `a field that was looked for before is not supported: ${[...node.path, nameOf(label)].join('.')}`,
      );
    let field = node.fields.get(label);
    const fresh = field === undefined;
    if (field === undefined) {
      field = this.#machine.node(node, label, presence);
      node.addField(label, field);
    }
    this.#give(field, conjunct);
    if (presence === 'member' || (presence === 'required' && field.presence === 'optional'))
      field.presence = presence;
    if (fresh) for (const pattern of this.#patterns) this.#constrain(pattern, label, field);
  }

  #constrain(pattern: Pattern, label: string, field: Node): void {
    if (!isRegular(label)) return;
    const name = nameOf(label);
    const probe = this.#machine.temporary(pattern.env, pattern.expression, this.#node);
    probe.conjuncts.unshift({
      env: null,
      expression: { type: 'data', value: string(name) },
      standing: free,
      via: [],
    });
    if (this.#machine.verdict(probe) !== null) return;
    if (probe.incomplete) throw unsupported(pattern.expression, 'a pattern that is not known');
    this.#give(field, pattern.constraint(name));
    field.patterned = true;
  }

  #give(field: Node, conjunct: Conjunct): void {
    if (field.read || field.state !== 'new')
      throw new CueError(
        'cue_unsupported_error',
        `a constraint on what has been read is not supported: ${field.path.join('.')}`,
      );
    field.conjuncts.push(conjunct);
  }
}
