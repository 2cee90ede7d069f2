import { CueError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Presence } from '../syntax/ast.ts';
import { comparesBottom } from '../syntax/compares-bottom.ts';
import type { Place } from '../syntax/source.ts';
import { unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { isRegular } from '../values/label.ts';
import { Kind } from '../values/scalar.ts';
import { chosenOf } from './alternatives.ts';
import { bordersCross, satisfies } from './checks.ts';
import { forbiddenField, free, groupsOf } from './closedness.ts';
import { Expansion } from './expansion.ts';
import { type Conjunct, type Environment, Node, type Problem } from './node.ts';

/** With what hangs on it: measured. */
const nodeBytes = 1000;

/** One evaluation: what bounds it, and what is asked of nodes. */
export class Machine {
  #steps = 0;
  #recursion = 0;
  #memory = 0;
  /** How often something has been compared with `_|_` that would be a part of what is not there. */
  doubts = 0;
  readonly #deadline: number;

  /** The validator that is asked is one of several of a value: CUE then takes what may still fit for an error. */
  beside = false;

  /** Required fields have to be there, and CUE counts cycles as errors: bounds that are not known are part of some. */
  readonly final: boolean;

  /** The policy is asked about by itself. */
  readonly alone: boolean;

  /** Values of optional fields that make something of what they are part of. */
  readonly #optionalCycles: ReadonlySet<Conjunct['expression']>;

  constructor(
    timeoutMs: number,
    final: boolean,
    alone: boolean,
    optionalCycles: ReadonlySet<Conjunct['expression']>,
  ) {
    this.#optionalCycles = optionalCycles;
    this.final = final;
    this.alone = alone;
    this.#deadline = performance.now() + timeoutMs;
  }

  step(): void {
    if (++this.#steps > limits.steps)
      throw new CueError('cue_limit_error', `more than ${limits.steps} steps`);
    if (this.#steps % 4096 === 0 && performance.now() > this.#deadline)
      throw new CueError('cue_limit_error', 'the policy takes too long');
  }

  /**
   * Counts what is made, before it is where it may be large. Nothing counts as gone: most is part of the result.
   *
   * @throws CueError where it is too much
   */
  makes(bytes: number): void {
    this.#memory += bytes;
    if (this.#memory > limits.memory)
      throw new CueError('cue_limit_error', `more than ${limits.memory / 1024 / 1024} MiB of values`);
  }

  node(parent: Node | null, label: string, presence?: Presence): Node {
    this.makes(nodeBytes);
    return new Node(parent, label, presence);
  }

  /** Runs what may come to itself again. */
  deeper<T>(run: () => T): T {
    if (this.#recursion >= limits.recursion)
      throw new CueError('cue_limit_error', `evaluation of more than ${limits.recursion} levels: a cycle?`);
    this.#recursion++;
    try {
      return run();
    } finally {
      this.#recursion--;
    }
  }

  /** Makes known what follows from the conjuncts of a node, at its level. */
  expand(node: Node, at?: Place): void {
    if (node.state === 'done') return;
    if (node.state === 'expanding') {
      if (at !== undefined) throw unsupported(at, 'a reference to a value that depends on it');
      throw new CueError(
        'cue_unsupported_error',
        `a value that depends on itself is not supported: ${node.path.join('.')}`,
      );
    }
    if (node.depth > limits.depth)
      throw new CueError(
        'cue_limit_error',
        `more than ${limits.depth} levels: ${node.path.slice(0, 8).join('.')}…`,
      );
    this.deeper(() => new Expansion(this, node, []).run());
  }

  /** A node for an expression of its own, where no field is. */
  temporary(env: Environment | null, expression: Conjunct['expression'], parent: Node | null): Node {
    const node = this.node(parent, 's');
    node.conjuncts.push({ env, expression, standing: free, via: [] });
    return node;
  }

  /** What is wrong with a node or anything below it: null where nothing is, as far as it is known. */
  verdict(node: Node): Problem | null {
    this.expand(node);
    const known = node.verdict;
    if (known === 'pending')
      throw new CueError(
        'cue_unsupported_error',
        `a value that contains itself is not supported: ${node.path.join('.')}`,
      );
    if (known !== undefined) return known;
    node.verdict = 'pending';
    node.verdict = this.deeper(() => this.#judge(node));
    return node.verdict;
  }

  #judge(node: Node): Problem | null {
    const [first] = node.problems;
    if (first !== undefined) return first;
    if (node.alternatives !== null) {
      const { settled } = node;
      return settled === node ? null : this.verdict(settled);
    }
    if (node.cycle && this.final) {
      if (isChosen(node) || !isPublic(node))
        throw new CueError('cue_unsupported_error', `a cycle here is not supported: ${node.path.join('.')}`);
      return { path: node.path, message: 'the value depends on itself' };
    }
    let found: Problem | null = null;
    for (const field of [...node.fields.values(), ...(node.elements ?? [])]) {
      if (field.presence === 'optional') {
        if (field.conjuncts.some(({ expression }) => this.#isLookedAt(expression))) this.verdict(field);
        continue;
      }
      const problem = this.verdict(field);
      node.overlooked ||= field.overlooked;
      if (problem === null) continue;
      // CUE looks for it in the policy, and where all has to be there, but not once there is a document.
      if (field.presence === 'required' && !this.alone && !this.final && !isChosen(field)) {
        node.overlooked = true;
        continue;
      }
      found ??= problem;
      // A cycle beside what rules an alternative out is an error still where all has to be there.
      if (!this.final || !isChosen(field)) return found;
    }
    if (found !== null) return found;
    const forbidden = forbiddenField(node);
    if (forbidden !== null) {
      const path = [...node.path, forbidden.name];
      if (forbidden.unsure || node.incomplete || node.overlooked)
        throw new CueError('cue_unsupported_error', `closedness here is not supported: ${path.join('.')}`);
      return { path, message: 'field not allowed' };
    }
    return this.#validate(node);
  }

  /**
   * Whether an optional value matters that nothing has: it finds a cycle, or makes a comparison with `_|_`, which CUE
   * makes again at the end, and minds if it has another result.
   */
  #isLookedAt(expression: Conjunct['expression']): boolean {
    return this.#optionalCycles.has(expression) || (expression.type !== 'data' && comparesBottom(expression));
  }

  /** Validators of lists and structs see them whole. */
  #validate(node: Node): Problem | null {
    const validators = node.checks.filter((check) => check.kind === 'validator');
    if (validators.length === 0 || (node.elements === null && !node.struct)) return null;
    const whole = this.concrete(node);
    for (const check of validators) {
      const value = check.byLength ? outline(node) : whole;
      if (value === null)
        throw new CueError(
          'cue_unsupported_error',
          `${check.text} of what is not wholly known is not supported: ${node.path.join('.')}`,
        );
      const open = node.elements !== null ? !node.closedList : groupsOf(node).length === 0;
      const { beside } = this;
      this.beside = validators.length > 1;
      const satisfied = satisfies(check, value, open);
      this.beside = beside;
      if (!satisfied) return { path: node.path, message: `does not satisfy ${check.text}` };
    }
    return null;
  }

  /** The whole value of a node; null where part of it is not known. What is wrong with it is for `verdict`. */
  concrete(node: Node): Concrete | null {
    this.step();
    this.expand(node);
    const { settled } = node;
    if (settled.problems.length > 0) return null;
    if (settled.scalar !== null) return settled.scalar;
    if (settled.alternatives !== null) {
      const chosen = chosenOf(settled);
      return chosen instanceof Node ? this.concrete(chosen) : null;
    }
    if (settled.incomplete) return null;
    if (settled.elements !== null) {
      const items = settled.elements.map((element) => this.concrete(element));
      return items.includes(null) ? null : { kind: 'list', items: items as Concrete[] };
    }
    if (!settled.struct) return null;
    const fields = new Map<string, Concrete>();
    for (const [label, field] of settled.fields) {
      if (!isRegular(label) || field.presence === 'optional') continue;
      if (field.presence === 'required') return null;
      const value = this.concrete(field);
      if (value === null) return null;
      fields.set(label.slice(1), value);
    }
    return { kind: 'struct', fields };
  }

  /**
   * Whether what is known of a node contradicts itself. Validators wait until all that there is is known: CUE does not
   * ask them before.
   */
  settle(node: Node, whole: boolean): void {
    if (node.problems.length > 0) return;
    if (node.kinds === Kind.none) {
      node.fail('conflicting types');
      return;
    }
    if (node.scalar === null) {
      if (bordersCross(node.checks, node.kinds)) node.fail('no value is within the bounds');
      return;
    }
    for (const check of node.checks)
      if ((whole || check.kind !== 'validator') && !satisfies(check, node.scalar)) {
        if (check.kind === 'validator' && node.incomplete)
          throw new CueError(
            'cue_unsupported_error',
            `${check.text} of what is not wholly known is not supported: ${node.path.join('.')}`,
          );
        node.fail(`the value does not satisfy ${check.text}`);
        return;
      }
  }
}

/** A list or a struct by its length alone; null where that is not known. */
function outline(node: Node): Concrete | null {
  const nothing = { kind: 'null' as const };
  if (node.elements !== null) return { kind: 'list', items: node.elements.map(() => nothing) };
  if (node.incomplete) return null;
  const fields = [...node.fields].filter(
    ([label, { presence }]) => isRegular(label) && presence !== 'optional',
  );
  if (fields.some(([, { presence }]) => presence === 'required')) return null;
  return { kind: 'struct', fields: new Map(fields.map(([label]) => [label, nothing])) };
}

/** Whether all of its path is of regular fields and elements of lists. */
function isPublic(node: Node): boolean {
  for (let at: Node | null = node; at !== null; at = at.parent) if (!/^[si]/.test(at.label)) return false;
  return true;
}

/** Whether it is part of an alternative of a disjunction. */
function isChosen(node: Node): boolean {
  for (let at: Node | null = node; at !== null; at = at.parent) if (at.choice) return true;
  return false;
}
