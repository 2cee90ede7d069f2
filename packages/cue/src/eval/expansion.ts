import { CueError } from '../errors.ts';
import type {
  Comprehension,
  Declaration,
  Expression,
  ListLiteral,
  Presence,
  StructLiteral,
} from '../syntax/ast.ts';
import { type Place, unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { isDefinition, isRegular, regular } from '../values/label.ts';
import { Kind, string } from '../values/scalar.ts';
import type { Taken } from './alternatives.ts';
import { below, free, newGroup, type Standing, witness } from './closedness.ts';
import { combined, isCombinator } from './combinators.ts';
import { runClauses } from './comprehension.ts';
import { addBound, addType, addValidator, besideFields, isBound, narrow, unify } from './constraints.ts';
import { tryChoices, unclearAlternatives } from './disjunctions.ts';
import { evaluate, resolve } from './expression.ts';
import { Fields } from './fields.ts';
import { validatorOf } from './functions.ts';
import { unifyLists } from './lists.ts';
import type { Machine } from './machine.ts';
import { bind, type Conjunct, type Environment, type ListShape, type Node } from './node.ts';
import { isCycle } from './result.ts';

type Disjunction = Expression & { type: 'disjunction' };

/** Through which nodes a literal came. */
type Origin = Pick<Conjunct, 'via' | 'here'>;

/**
 * What follows from the conjuncts of one node, at its level. Literals come first, so that names find their fields;
 * then references and embeddings; then disjunctions, each choice in a copy of the node; comprehensions last. What would
 * have to come earlier than something that has been read is not supported.
 */
export class Expansion {
  readonly #machine: Machine;
  readonly #node: Node;
  /** The choices that this copy of the node takes, of its disjunctions in their order. */
  readonly #choices: readonly number[];
  readonly #taken: Taken[] = [];

  /** References, expressions and patterns: what needs the names of this node. */
  readonly #references: (() => void)[] = [];
  readonly #disjunctions: { conjunct: Conjunct & { expression: Disjunction }; chain: readonly Node[] }[] = [];
  readonly #deferred: (() => void)[] = [];
  readonly #fields: Fields;
  readonly #lists: ListShape[] = [];
  #mustBeStruct = false;
  /** There is a literal of a struct, which is one unless what it embeds is something else. */
  #literal = false;
  /** There were disjunctions to choose from. */
  split = false;

  constructor(machine: Machine, node: Node, choices: readonly number[]) {
    this.#machine = machine;
    this.#node = node;
    this.#choices = choices;
    this.#fields = new Fields(machine, node);
  }

  run(): void {
    const node = this.#node;
    node.state = 'expanding';
    for (const conjunct of node.conjuncts) this.#add(conjunct, []);
    for (;;) {
      const reference = this.#references.shift();
      if (reference !== undefined) {
        reference();
        continue;
      }
      if (this.#contradicts()) {
        if (node.doubtful && this.#disjunctions.length > 0) throw unclearAlternatives(node);
        break;
      }
      const disjunction = this.#disjunctions.shift();
      if (disjunction !== undefined) {
        const { choices } = disjunction.conjunct.expression;
        const choice = this.#choices[this.#taken.length];
        if (choice === undefined) {
          const last = tryChoices(this.#machine, node, choices.length, (copy, one) => {
            const expansion = new Expansion(this.#machine, copy, [...this.#choices, one]);
            expansion.run();
            return expansion;
          });
          this.split ||= last;
          break;
        }
        this.#take(disjunction.conjunct, choice, disjunction.chain);
        continue;
      }
      const deferred = this.#deferred.shift();
      if (deferred === undefined) break;
      deferred();
    }
    if (node.alternatives === null) this.#finish();
    // What has been taken for a cycle would have to be looked at again.
    const known = node.scalar !== null || node.struct || node.elements !== null || node.alternatives !== null;
    if (node.awaited && known && node.problems.length === 0)
      throw new CueError(
        'cue_unsupported_error',
        `a value that something of it depends on is not supported: ${node.path.join('.')}`,
      );
    node.state = 'done';
  }

  get taken(): readonly Taken[] {
    return this.#taken;
  }

  #contradicts(): boolean {
    const node = this.#node;
    if (node.problems.length === 0 && node.kinds !== Kind.none) {
      if (node.scalar !== null) this.#machine.settle(node, false);
    } else if (node.problems.length === 0) node.fail('conflicting types');
    return node.problems.length > 0;
  }

  #finish(): void {
    const node = this.#node;
    if (node.probed && node.incomplete)
      throw new CueError(
        'cue_unsupported_error',
        `a comparison of a part of it with _|_ in what is not wholly known is not supported: ${node.path.join('.')}`,
      );
    if (node.problems.length === 0) unifyLists(this.#machine, node, this.#lists);
    // Fields that are only required make no struct of what embeds something else.
    const required = [...node.fields].some(
      ([label, field]) => isRegular(label) && field.presence === 'required',
    );
    if (required && !this.#mustBeStruct && (node.kinds & Kind.struct) === 0)
      throw new CueError(
        'cue_unsupported_error',
        `required fields of what is no struct are not supported: ${node.path.join('.')}`,
      );
    const embedding = this.#literal && !node.anything && !node.incomplete && node.scalar === null;
    node.struct = this.#mustBeStruct || required || (embedding && (node.kinds & Kind.struct) !== 0);
    if (node.struct) narrow(node, Kind.struct);
    this.#machine.settle(node, true);
  }

  // Disjunctions

  #take(conjunct: Conjunct & { expression: Disjunction }, choice: number, chain: readonly Node[]): void {
    const { choices } = conjunct.expression;
    this.#taken.push({
      marked: choices.some(({ preferred }) => preferred),
      preferred: choices[choice]!.preferred,
    });
    this.#add({ ...conjunct, expression: choices[choice]!.expression }, chain);
  }

  // Conjuncts

  #add(conjunct: Conjunct, chain: readonly Node[]): void {
    this.#machine.step();
    const { env, expression, standing } = conjunct;
    const node = this.#node;
    switch (expression.type) {
      case 'data':
        this.#data(expression.value, standing, conjunct.referred === true || conjunct.via.length > 0);
        return;
      case 'scalar':
        witness(node, standing, null);
        unify(this.#node, expression.value, expression);
        return;
      case 'struct':
        this.#struct(env, expression, standing, conjunct);
        return;
      case 'list':
        if (node.choice) besideFields(node, expression);
        this.#list(env, expression, standing, conjunct.via);
        return;
      case 'bottom':
        node.fail('explicit error', expression);
        return;
      case 'disjunction':
        witness(node, standing, null);
        this.#disjunctions.push({ conjunct: conjunct as Conjunct & { expression: Disjunction }, chain });
        return;
      case 'binary':
        if (expression.operator !== '&') break;
        for (const side of [expression.left, expression.right])
          this.#add(
            { ...conjunct, expression: side, standing: { ...standing, conjoined: standing.embedded } },
            chain,
          );
        return;
      case 'unary':
        // What needs no name is known at once.
        if (node.parent === null || !isBound(expression.operator) || expression.operand.type !== 'scalar')
          break;
        addBound(this.#machine, node, env, expression, standing);
        return;
      case 'identifier':
        if (expression.target!.kind === 'predeclared') {
          addType(node, expression.name, standing, expression);
          return;
        }
        break;
    }
    this.#references.push(() => this.#reference(conjunct, chain));
  }

  #data(value: Concrete, standing: Standing, referred = false): void {
    const node = this.#node;
    if (value.kind === 'list') {
      const elements = value.items.map(
        (item): Conjunct => ({
          env: null,
          expression: { type: 'data', value: item },
          standing,
          via: [],
          referred,
        }),
      );
      witness(node, standing, null);
      narrow(this.#node, Kind.list);
      this.#lists.push({ elements, rest: null });
    } else if (value.kind === 'struct') {
      witness(node, standing, 'struct');
      this.#mustBeStruct = true;
      narrow(node, Kind.struct);
      for (const [name, field] of value.fields)
        this.#field(regular(name), 'member', {
          env: null,
          expression: { type: 'data', value: field },
          standing,
          via: [],
          referred,
        });
    } else {
      witness(node, standing, null);
      unify(this.#node, value);
    }
  }

  #struct(
    env: Environment | null,
    { declarations }: StructLiteral,
    standing: Standing,
    origin: Origin,
  ): void {
    const node = this.#node;
    const embeds = declarations.some(({ type }) => type === 'embedding' || type === 'comprehension');
    let own = standing;
    if (embeds && standing.outer === null && !standing.embedded) {
      const outer = newGroup(false, false, { embedding: true });
      node.groups.push(outer);
      own = { ...standing, groups: [...standing.groups, outer], outer };
    }
    witness(node, own, 'struct');
    this.#literal = true;
    const inner: Environment = { up: env, node, lets: new Map(), bindings: null };
    if (!embeds) this.#mustBeStruct = true;
    if (!embeds) narrow(node, Kind.struct);
    for (const declaration of declarations) this.#declaration(declaration, inner, own, origin);
  }

  #declaration(declaration: Declaration, env: Environment, standing: Standing, origin: Origin): void {
    const node = this.#node;
    const { via, here } = origin;
    switch (declaration.type) {
      case 'let': {
        const held = this.#machine.node(node, declaration.label);
        held.conjuncts.push({ env, expression: declaration.value, standing: free, via: [] });
        env.lets.set(declaration.label, held);
        return;
      }
      case 'ellipsis':
        witness(node, standing, 'ellipsis');
        return;
      case 'embedding': {
        const inside: Standing = { ...standing, embedded: true };
        this.#add({ env, expression: declaration.expression, standing: inside, via, here }, []);
        return;
      }
      case 'comprehension':
        this.#deferred.push(() => this.#comprehension(declaration, env, standing, origin));
        return;
      case 'field': {
        const { label, presence, value } = declaration;
        const conjunct: Conjunct = { env, expression: value, standing: below(standing), via };
        if (label.kind === 'name') {
          this.#field(label.label, presence, conjunct);
          return;
        }
        if (label.kind === 'dynamic') {
          this.#deferred.unshift(() => this.#dynamic(label.expression, presence, conjunct));
          return;
        }
        const { alias, expression } = label;
        const constraint = (name: string): Conjunct => {
          if (alias === null) return conjunct;
          const named = this.#machine.temporary(null, { type: 'data', value: string(name) }, node);
          return { ...conjunct, env: bind(env, new Map([[alias, named]])) };
        };
        this.#references.push(() => this.#fields.addPattern({ env, expression, constraint }));
      }
    }
  }

  #field(label: string, presence: Presence, conjunct: Conjunct): void {
    this.#fields.add(label, presence, conjunct);
    if (isRegular(label) && presence === 'member') this.#mustBeStruct = true;
  }

  #dynamic(expression: Expression, presence: Presence, conjunct: Conjunct): void {
    const result = evaluate(this.#machine, conjunct.env, expression);
    if (isCycle(result)) throw unsupported(expression, 'a label that depends on it');
    if (result.kind === 'incomplete') {
      this.#node.incomplete = true;
      return;
    }
    if (result.kind === 'bottom') {
      this.#node.fail(result.message, expression);
      return;
    }
    const label = result.kind === 'scalar' && result.value.kind === 'string' ? result.value.value : null;
    if (label === null) {
      this.#node.fail('a label is no text', expression);
      return;
    }
    this.#field(regular(label), presence, conjunct);
  }

  #comprehension(comprehension: Comprehension, env: Environment, standing: Standing, origin: Origin): void {
    const node = this.#node;
    const outcome = runClauses(this.#machine, comprehension.clauses, env, (inner) =>
      this.#struct(inner, comprehension.body, { ...standing, embedded: true }, origin),
    );
    if (outcome === 'incomplete') node.incomplete = true;
    else if (outcome !== null) node.fail(outcome.message, outcome.at);
  }

  // References and values

  #reference(conjunct: Conjunct, chain: readonly Node[]): void {
    const node = this.#node;
    const { env, standing } = conjunct;
    const expression = conjunct.expression as Expression;
    switch (expression.type) {
      case 'identifier':
      case 'selector':
      case 'index': {
        const validator = validatorOf(this.#machine, env, expression);
        if (validator !== null) {
          addValidator(node, validator, standing);
          return;
        }
        const found = resolve(this.#machine, env, expression);
        if (found.kind === 'incomplete') {
          node.incomplete = true;
          node.elsewhere ||= conjunct.via.length > 0;
          witness(node, standing, null);
          return;
        }
        if (found.kind === 'bottom') {
          node.fail(found.message, expression);
          return;
        }
        // It constrains, and has no value yet.
        if (found.absent) node.incomplete = true;
        this.#refer(found.node, expression, conjunct, chain);
        return;
      }
      case 'unary':
        if (isBound(expression.operator)) {
          addBound(this.#machine, node, env, expression, standing);
          return;
        }
        break;
      case 'call':
        if (isCombinator(expression)) {
          for (const part of combined(this.#machine, node, conjunct, expression)) this.#add(part, chain);
          return;
        }
        break;
    }
    if (expression.type === 'call') {
      const validator = validatorOf(this.#machine, env, expression);
      if (validator !== null) {
        addValidator(node, validator, standing);
        return;
      }
    }
    witness(node, standing, null);
    const { doubts } = this.#machine;
    const result = evaluate(this.#machine, env, expression);
    node.doubtful ||= this.#machine.doubts > doubts;
    if (result.kind === 'incomplete') {
      node.incomplete = true;
      node.cycle ||= isCycle(result);
    } else if (result.kind === 'bottom') node.fail(result.message, expression);
    else if (result.kind === 'scalar') unify(this.#node, result.value, expression);
    else this.#data(this.#whole(result.node, expression), standing);
  }

  #whole(node: Node, at: Place): Concrete {
    const value = this.#machine.concrete(node);
    if (value === null) throw unsupported(at, 'such a value that is not wholly known');
    return value;
  }

  /** Gives the node all that another one has to be. */
  #refer(target: Node, expression: Expression, conjunct: Conjunct, chain: readonly Node[]): void {
    const node = this.#node;
    const { standing, via, here = [] } = conjunct;
    target.read = true;
    for (let at = node.parent; at !== null; at = at.parent) if (at === target) node.cyclic = true;
    if (target === node) {
      // What it is, it is: that says nothing, except to what closes it.
      if (standing.groups.length === 0 && !standing.embedded && via.length === 0) {
        node.circular = true;
        return;
      }
      throw unsupported(expression, 'a reference of a value to itself');
    }
    if (target.parent !== null && target.parent === node.parent && target.label === node.label)
      throw unsupported(expression, 'a choice that is its own disjunction');
    if (chain.includes(target)) return;
    if (here.includes(target)) throw unsupported(expression, 'a value that embeds itself');
    if (via.includes(target) && node.conjuncts.every((conjunct) => conjunct.via.includes(target))) {
      node.fail('it contains itself without end', expression);
      return;
    }
    const defined =
      isDefinition(target.label) || (expression.type === 'selector' && isDefinition(expression.label));
    // It closes what is beside it in some cases, and opens it in others.
    if (
      defined &&
      target.conjuncts.some(({ expression: one }) => one.type === 'identifier' && one.name === '_')
    )
      throw unsupported(expression, 'a definition that is anything');
    let groups = standing.groups;
    if (defined && standing.embedded && standing.outer !== null) {
      standing.outer.required = true;
      standing.outer.recursive = true;
    }
    const alone = defined && !standing.embedded;
    const within = !defined && !standing.embedded && insideDefinition(target);
    if (alone || within || (defined && standing.conjoined)) {
      // CUE lets fields pass that stand beside an embedded conjunction.
      const group = newGroup(true, true, { unsure: defined && standing.conjoined });
      node.groups.push(group);
      groups = [...groups, group];
    }
    const given = { standing: { ...standing, groups }, via: [...via, target], here: [...here, target] };
    for (const { env, expression: referred } of target.conjuncts)
      this.#add({ env, expression: referred, ...given }, [...chain, target]);
  }

  // Lists

  #list(
    env: Environment | null,
    { elements, rest }: ListLiteral,
    standing: Standing,
    via: readonly Node[],
  ): void {
    witness(this.#node, standing, null);
    narrow(this.#node, Kind.list);
    const conjunct = (expression: Expression): Conjunct => ({
      env,
      expression,
      standing: below(standing),
      via,
    });
    const shape = {
      elements: [] as Conjunct[],
      rest: rest === null ? null : rest === true ? ('anything' as const) : conjunct(rest),
    };
    if (!elements.some(({ type }) => type === 'comprehension')) {
      for (const element of elements) shape.elements.push(conjunct(element as Expression));
      this.#lists.push(shape);
      return;
    }
    this.#deferred.push(() => {
      for (const element of elements) {
        if (element.type !== 'comprehension') {
          shape.elements.push(conjunct(element));
          continue;
        }
        const outcome = runClauses(this.#machine, element.clauses, env, (inner) =>
          shape.elements.push({ env: inner, expression: element.body, standing: below(standing), via }),
        );
        if (outcome === 'incomplete') {
          this.#node.incomplete = true;
          return;
        }
        if (outcome !== null) return this.#node.fail(outcome.message, outcome.at);
      }
      this.#lists.push(shape);
    });
  }
}

function insideDefinition(node: Node): boolean {
  for (let at = node.parent; at !== null; at = at.parent) if (isDefinition(at.label)) return true;
  return false;
}
