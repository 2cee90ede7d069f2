import { sizedFloats, sizedInts, types } from '../builtins/predeclared.ts';
import { CueError } from '../errors.ts';
import type {
  Comprehension,
  Declaration,
  Expression,
  ListLiteral,
  Presence,
  StructLiteral,
} from '../syntax/ast.ts';
import { embeds } from '../syntax/embeds.ts';
import { malformed, type Place, unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { isDefinition, isRegular, regular } from '../values/label.ts';
import { Kind, kindOf, type Scalar, sameScalar, string } from '../values/scalar.ts';
import { type Alternative, distinct, preferredOf, type Taken } from './alternatives.ts';
import { type BoundOperator, boundKinds } from './checks.ts';
import { below, free, newGroup, type Standing, witness } from './closedness.ts';
import { runClauses } from './comprehension.ts';
import { evaluate, resolve } from './expression.ts';
import { Fields } from './fields.ts';
import { isBuiltin, validatorOf } from './functions.ts';
import { unifyLists } from './lists.ts';
import type { Machine } from './machine.ts';
import { matcher } from './matcher.ts';
import { bind, type Conjunct, type Environment, type ListShape, Node } from './node.ts';
import { mismatched } from './result.ts';

type Disjunction = Expression & { type: 'disjunction' };

/** Of copies that are alternatives: what led to them. */
const takenOf = new WeakMap<Node, readonly Taken[]>();

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
  /** It is `_`, or a validator of whatever there is. */
  #anything = false;
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
          this.#split(choices.length);
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
    if (node.problems.length === 0) unifyLists(node, this.#lists);
    // Fields that are only required make no struct of what embeds something else.
    const required = [...node.fields].some(
      ([label, field]) => isRegular(label) && field.presence === 'required',
    );
    if (required && !this.#mustBeStruct && (node.kinds & Kind.struct) === 0)
      throw new CueError(
        'cue_unsupported_error',
        `required fields of what is no struct are not supported: ${node.path.join('.')}`,
      );
    const embedding = this.#literal && !this.#anything && !node.incomplete && node.scalar === null;
    node.struct = this.#mustBeStruct || required || (embedding && (node.kinds & Kind.struct) !== 0);
    if (node.struct) this.#narrow(Kind.struct);
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

  /** Tries every choice of the first disjunction that is left, and with each of those the ones that come after it. */
  #split(count: number): void {
    const node = this.#node;
    const alternatives: Alternative[] = [];
    // Of several disjunctions CUE rules nothing out while something else is not known.
    let unclear = false;
    for (let choice = 0; choice < count; choice++) {
      this.#machine.step();
      const copy = new Node(node.parent, node.label, node.presence);
      copy.conjuncts.push(...node.conjuncts);
      copy.choice = true;
      const expansion = new Expansion(this.#machine, copy, [...this.#choices, choice]);
      this.#machine.deeper(() => expansion.run());
      if (copy.alternatives !== null) {
        for (const alternative of copy.alternatives)
          alternatives.push({ copy: alternative, taken: takenOf.get(alternative)! });
        continue;
      }
      unclear ||=
        copy.doubtful || copy.cyclic || (copy.incomplete && (expansion.split || this.#choices.length > 0));
      this.split = true;
      if (copy.problems.length > 0) continue;
      const whole = copy.scalar === null && (copy.kinds === Kind.struct || copy.kinds === Kind.list);
      if (whole && node.parent?.state === 'expanding')
        throw new CueError(
          'cue_unsupported_error',
          `a disjunction that is read this early is not supported: ${node.path.join('.')}`,
        );
      if (this.#machine.verdict(copy) !== null) continue;
      alternatives.push({ copy, taken: [...expansion.taken] });
    }
    for (const { copy, taken } of alternatives) takenOf.set(copy, taken);
    const different = distinct(alternatives);
    node.alternatives = different.map(({ copy }) => copy);
    if (unclear && different.every(({ copy }) => copy.incomplete)) throw unclearAlternatives(node);
    if (different.length === 0) {
      node.alternatives = null;
      node.fail('none of the alternatives is possible');
    } else if (different.length > 1 && this.#choices.length === 0) node.preferred = preferredOf(alternatives);
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
        this.#unify(expression.value, expression);
        return;
      case 'struct':
        this.#struct(env, expression, standing, conjunct.via);
        return;
      case 'list':
        if (this.#choices.length > 0) this.#besideFields(expression);
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
      case 'identifier':
        if (expression.target!.kind === 'predeclared') {
          this.#type(expression.name, standing, expression);
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
      this.#narrow(Kind.list);
      this.#lists.push({ elements, rest: null });
    } else if (value.kind === 'struct') {
      witness(node, standing, 'struct');
      this.#mustBeStruct = true;
      this.#narrow(Kind.struct);
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
      this.#unify(value);
    }
  }

  #unify(value: Scalar, at?: Place): void {
    const node = this.#node;
    this.#narrow(kindOf(value), at);
    if (node.scalar === null) node.scalar = value;
    else if (!sameScalar(node.scalar, value)) node.fail('conflicting values', at);
  }

  #narrow(kinds: number, at?: Place): void {
    const node = this.#node;
    node.kinds &= kinds;
    if (node.kinds === Kind.none && node.problems.length === 0) node.fail('conflicting types', at);
  }

  /** At the top CUE asks what is a struct at once whether it is something else, and finds an error in that. */
  #besideFields(at: Place): void {
    const node = this.#node;
    const open = this.#choices.length > 0 || (node.kinds & Kind.struct) !== 0;
    if (node.parent === null && node.fields.size > 0 && open)
      throw unsupported(at, 'a choice of something else beside the fields of the top');
  }

  #type(name: string, standing: Standing, at: Place): void {
    const kinds = types.get(name);
    const checks = sizedInts.get(name) ?? sizedFloats.get(name);
    if (kinds !== undefined) {
      witness(this.#node, standing, name === '_' ? 'top' : null);
      this.#anything ||= name === '_';
      if (this.#choices.length > 0) this.#besideFields(at);
      this.#narrow(kinds, at);
    } else if (checks !== undefined) {
      witness(this.#node, standing, null);
      this.#narrow(sizedInts.has(name) ? Kind.int : Kind.number, at);
      this.#node.checks.push(...checks);
    } else throw unsupported(at, `the function ${name} as a value`);
  }

  #struct(
    env: Environment | null,
    { declarations }: StructLiteral,
    standing: Standing,
    via: readonly Node[],
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
    if (!embeds) this.#narrow(Kind.struct);
    for (const declaration of declarations) this.#declaration(declaration, inner, own, via);
  }

  #declaration(declaration: Declaration, env: Environment, standing: Standing, via: readonly Node[]): void {
    const node = this.#node;
    switch (declaration.type) {
      case 'let': {
        const held = new Node(node, declaration.label);
        held.conjuncts.push({ env, expression: declaration.value, standing: free, via: [] });
        env.lets.set(declaration.label, held);
        return;
      }
      case 'ellipsis':
        witness(node, standing, 'ellipsis');
        return;
      case 'embedding': {
        const inside: Standing = { ...standing, embedded: true };
        this.#add({ env, expression: declaration.expression, standing: inside, via }, []);
        return;
      }
      case 'comprehension':
        this.#deferred.push(() => this.#comprehension(declaration, env, standing, via));
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

  #comprehension(
    comprehension: Comprehension,
    env: Environment,
    standing: Standing,
    via: readonly Node[],
  ): void {
    const node = this.#node;
    const outcome = runClauses(this.#machine, comprehension.clauses, env, (inner) =>
      this.#struct(inner, comprehension.body, { ...standing, embedded: true }, via),
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
          this.#validator(validator, standing);
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
        if (found.absent) throw unsupported(expression, 'a reference to a required field that is not there');
        this.#refer(found.node, expression, conjunct, chain);
        return;
      }
      case 'unary':
        if (isBound(expression.operator)) {
          this.#bound(env, expression, standing);
          return;
        }
        break;
      case 'call':
        if (this.#special(conjunct, expression, chain)) return;
        break;
    }
    if (expression.type === 'call') {
      const validator = validatorOf(this.#machine, env, expression);
      if (validator !== null) {
        this.#validator(validator, standing);
        return;
      }
    }
    witness(node, standing, null);
    const { doubts } = this.#machine;
    const result = evaluate(this.#machine, env, expression);
    node.doubtful ||= this.#machine.doubts > doubts;
    if (result.kind === 'incomplete' && this.#machine.final)
      throw unsupported(expression, 'an expression that is not known');
    if (result.kind === 'incomplete') node.incomplete = true;
    else if (result.kind === 'bottom') node.fail(result.message, expression);
    else if (result.kind === 'scalar') this.#unify(result.value, expression);
    else this.#data(this.#whole(result.node, expression), standing);
  }

  #whole(node: Node, at: Place): Concrete {
    const value = this.#machine.concrete(node);
    if (value === null) throw unsupported(at, 'such a value that is not wholly known');
    return value;
  }

  /** Gives the node all that another one has to be. */
  #refer(target: Node, expression: Expression, { standing, via }: Conjunct, chain: readonly Node[]): void {
    const node = this.#node;
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
    const given = { standing: { ...standing, groups }, via: [...via, target] };
    for (const { env, expression: referred } of target.conjuncts)
      this.#add({ env, expression: referred, ...given }, [...chain, target]);
  }

  #bound(env: Environment | null, expression: Expression & { type: 'unary' }, standing: Standing): void {
    const node = this.#node;
    const { operator, operand } = expression;
    witness(node, standing, operator === '!=' ? 'validator' : null);
    if (operator === '!=' || this.#choices.length > 0) this.#besideFields(expression);
    const result = evaluate(this.#machine, env, operand);
    const wanted =
      operator === '=~' || operator === '!~' ? Kind.string : Kind.number | Kind.string | Kind.null;
    if (mismatched(result, wanted)) throw unsupported(operand, 'a bound of this type');
    if (result.kind === 'incomplete' && this.#machine.final)
      throw unsupported(operand, 'a bound that is not known');
    if (result.kind === 'incomplete') {
      node.incomplete = true;
      return;
    }
    if (result.kind === 'bottom') {
      node.fail(result.message, operand);
      return;
    }
    if (result.kind === 'node') throw unsupported(operand, 'a bound that is a list or a struct');
    const { value } = result;
    if (operator === '=~' || operator === '!~') {
      if (value.kind !== 'string') {
        node.fail('a pattern is no text', operand);
        return;
      }
      this.#narrow(Kind.string, expression);
      node.checks.push({
        kind: 'match',
        test: matcher(value.value, operand),
        negated: operator === '!~',
        text: `${operator}${JSON.stringify(value.value)}`,
      });
      return;
    }
    const kinds = boundKinds(operator as BoundOperator, value);
    if (kinds === Kind.none) {
      node.fail('a bound has no order', operand);
      return;
    }
    this.#narrow(kinds, expression);
    node.checks.push({
      kind: 'bound',
      operator: operator as BoundOperator,
      operand: value,
      text: `${operator} its bound`,
    });
  }

  #validator({ kinds, ...validator }: NonNullable<ReturnType<typeof validatorOf>>, standing: Standing): void {
    witness(this.#node, standing, 'validator');
    this.#anything ||= kinds === Kind.top;
    this.#narrow(kinds);
    this.#node.checks.push({ kind: 'validator', ...validator });
  }

  /** The functions that say what a node is: `close`, `and` and `or`. */
  #special(conjunct: Conjunct, expression: Expression & { type: 'call' }, chain: readonly Node[]): boolean {
    const { standing } = conjunct;
    const { of, args } = expression;
    if (!isBuiltin(of, 'close') && !isBuiltin(of, 'and') && !isBuiltin(of, 'or')) return false;
    const [argument] = args;
    if (argument === undefined || args.length > 1) throw malformed(expression, 'one argument is expected');
    const node = this.#node;
    if (isBuiltin(of, 'close')) {
      const plain = argument.type === 'struct' && !embeds(argument);
      if (!plain) throw unsupported(argument, 'close of what is no literal of fields alone');
      if (standing.embedded) {
        if (standing.outer !== null) standing.outer.required = true;
        this.#add({ ...conjunct, expression: argument }, chain);
        return true;
      }
      const group = newGroup(true, false);
      node.groups.push(group);
      this.#add(
        { ...conjunct, expression: argument, standing: { ...standing, groups: [...standing.groups, group] } },
        chain,
      );
      return true;
    }
    if (argument.type !== 'list' || argument.rest !== null || argument.elements.length === 0)
      throw unsupported(argument, 'this function of what is no literal of a list');
    const elements = argument.elements.map((element) => {
      if (element.type === 'comprehension') throw unsupported(element, 'a comprehension here');
      return element;
    });
    if (isBuiltin(of, 'and'))
      for (const element of elements) this.#add({ ...conjunct, expression: element }, chain);
    else {
      const choices = elements.map((element) => ({ expression: element, preferred: false }));
      const { source, offset } = expression;
      this.#add({ ...conjunct, expression: { type: 'disjunction', choices, source, offset } }, chain);
    }
    return true;
  }

  // Lists

  #list(
    env: Environment | null,
    { elements, rest }: ListLiteral,
    standing: Standing,
    via: readonly Node[],
  ): void {
    witness(this.#node, standing, null);
    this.#narrow(Kind.list);
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

const unclearAlternatives = (node: Node): CueError =>
  new CueError(
    'cue_unsupported_error',
    `alternatives of what is not known are not supported: ${node.path.join('.')}`,
  );

const isBound = (operator: string): boolean => operator !== '+' && operator !== '-' && operator !== '!';

function insideDefinition(node: Node): boolean {
  for (let at = node.parent; at !== null; at = at.parent) if (isDefinition(at.label)) return true;
  return false;
}
