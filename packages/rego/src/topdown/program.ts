import type { Expr, Ref, Rule, Term as Source, Body as SourceBody } from '../ast/types.ts';
import type { CompiledModules } from '../compiler/compile.ts';
import { constantOf } from '../compiler/constants.ts';
import { CompilerContext } from '../compiler/context.ts';
import type { CompiledRule, RuleNode } from '../compiler/rule-tree.ts';
import { operatorName } from '../compiler/tree.ts';
import { varsOf } from '../compiler/vars.ts';
import { compare, keyOf, type Value } from '../values/index.ts';
import { comprehensionKeys } from './comprehension-keys.ts';
import { RuleIndex } from './rule-index.ts';
import {
  arrayTerm,
  type Body,
  type Expression,
  isRooted,
  objectTerm,
  type RefTerm,
  refTerm,
  type Statement,
  setTerm,
  type Term,
  type TracedRule,
  valueTerm,
  varTerm,
} from './terms.ts';

/** Compiled modules as the interpreter reads them. Rules are made ready when they are first used. */
export class Program {
  readonly compiled: CompiledModules;
  /** For what tells inputs of calls from outputs. */
  readonly context: CompilerContext;
  readonly #rules = new Map<Rule, TracedRule>();
  readonly #indexes = new Map<RuleNode, RuleIndex | undefined>();
  readonly #children = new Map<RuleNode, readonly RuleNode[]>();
  /** Keys of comprehensions that can be evaluated once for several bindings of outer variables. */
  readonly #keys = new Map<Source, readonly string[]>();

  constructor(compiled: CompiledModules) {
    this.compiled = compiled;
    this.context = new CompilerContext({ ...compiled.options, sources: new Map() }, false);
    this.context.tree = compiled.tree;
  }

  rule(source: CompiledRule): TracedRule {
    return this.#branch(source, source);
  }

  #branch(rule: CompiledRule, source: Rule): TracedRule {
    const known = this.#rules.get(source);
    if (known !== undefined) return known;
    const { head } = source;
    const args = head.args ?? [];
    comprehensionKeys(source.body, varsOf(args), this.context, this.#keys);
    const traced: TracedRule = {
      source,
      location: source.location,
      ref: rule.path.map((term) => this.term(term)),
      args: args.map((arg) => this.term(arg)),
      key: head.key === undefined ? undefined : this.term(head.key),
      value: head.value === undefined ? undefined : this.term(head.value),
      isMultiValue: head.key !== undefined && head.value === undefined,
      isDefault: source.default,
      body: this.body(source.body),
      else: source.else === undefined ? undefined : this.#branch(rule, source.else),
      packageLength: rule.module.package.path.length,
    };
    this.#rules.set(source, traced);
    return traced;
  }

  /** The body of a query. */
  query(body: SourceBody): Body {
    comprehensionKeys(body, new Set(), this.context, this.#keys);
    return this.body(body);
  }

  child(node: RuleNode | undefined, key: Value): RuleNode | undefined {
    return node?.children.get(keyOf(key));
  }

  /** Children in the order of their keys. */
  children(node: RuleNode): readonly RuleNode[] {
    let children = this.#children.get(node);
    if (children === undefined) {
      children = [...node.children.values()].sort((a, b) => compare(a.key, b.key));
      this.#children.set(node, children);
    }
    return children;
  }

  /** The node at a path of values, `data` included as its first term. */
  node(path: readonly Term[]): RuleNode | undefined {
    let node: RuleNode | undefined = this.compiled.tree.root;
    for (const term of path.slice(1)) {
      node = term.kind === 'value' ? this.child(node, term.value) : undefined;
      if (node === undefined) return undefined;
    }
    return node;
  }

  /** The index over the rules at a node; undefined where there are none. */
  index(node: RuleNode): RuleIndex | undefined {
    if (!this.#indexes.has(node)) {
      const { rules } = node;
      const isDynamic = rules.some(({ path }) => path.some((term, at) => at > 0 && term.kind === 'var'));
      const all = isDynamic ? this.#extent(node) : rules;
      const index =
        rules.length === 0
          ? undefined
          : new RuleIndex(
              all.map((rule) => this.rule(rule)),
              (ref) => this.#isVirtual(ref),
            );
      this.#indexes.set(node, index);
    }
    return this.#indexes.get(node);
  }

  #extent(node: RuleNode): CompiledRule[] {
    return [...node.rules, ...this.children(node).flatMap((child) => this.#extent(child))];
  }

  /** Whether rules have a part in what a ref leads to. */
  #isVirtual(ref: RefTerm): boolean {
    if (!isRooted(ref, 'data')) return false;
    let node: RuleNode | undefined = this.compiled.tree.root;
    for (const term of ref.terms.slice(1)) {
      node = term.kind === 'value' ? this.child(node, term.value) : undefined;
      if (node === undefined) return false;
      if (node.rules.length > 0) return true;
    }
    return true;
  }

  /** Whether a ref names a function, of the policies or built in. */
  isFunction(ref: RefTerm): boolean {
    const name = refName(ref);
    if (name !== undefined && this.compiled.options.builtins.has(name)) return true;
    const first = this.node(ref.terms)?.rules[0];
    return isRooted(ref, 'data') && (first?.head.args?.length ?? 0) > 0;
  }

  term(source: Source): Term {
    switch (source.kind) {
      case 'var':
        return varTerm(source.name);
      case 'ref':
        return this.#ref(source);
      case 'array':
        return arrayTerm(source.items.map((item) => this.term(item)));
      case 'set':
        return setTerm(source.items.map((item) => this.term(item)));
      case 'object':
        return objectTerm(source.pairs.map(([key, value]) => [this.term(key), this.term(value)] as const));
      case 'arrayComprehension':
      case 'setComprehension':
      case 'objectComprehension': {
        const isObject = source.kind === 'objectComprehension';
        return {
          kind: 'comprehension',
          of: isObject ? 'object' : source.kind === 'arrayComprehension' ? 'array' : 'set',
          key: isObject ? this.term(source.key) : undefined,
          term: this.term(isObject ? source.value : source.term),
          body: this.body(source.body),
          source,
          keys: this.#keys.get(source)?.map(varTerm),
        };
      }
      case 'call':
      case 'templateString':
        throw new Error(`a ${source.kind} was left within a term`);
      default:
        return valueTerm(constantOf(source) as Value);
    }
  }

  #ref(source: Ref): RefTerm {
    return refTerm(source.terms.map((term) => this.term(term)));
  }

  body(source: SourceBody): Body {
    return source
      .filter(({ terms }) => terms.kind !== 'some')
      .map((expr, index) => this.expression(expr, index));
  }

  expression(expr: Expr, index: number): Expression {
    const source = expr.index === index ? expr : { ...expr, index };
    return {
      terms: this.#statement(source),
      with: source.with.map(({ target, value }) => ({
        target: target.kind === 'ref' ? this.#ref(target) : refTerm([varTerm(target.name)]),
        value: this.term(value),
      })),
      negated: source.negated,
      location: source.location,
      source,
      complement: source.negated ? [this.expression({ ...source, negated: false, with: [] }, 0)] : undefined,
    };
  }

  #statement({ terms }: Expr): Statement {
    switch (terms.kind) {
      case 'call':
        return {
          kind: 'call',
          operator: this.#ref(terms.operator),
          name: operatorName(terms.operator) ?? '',
          args: terms.args.map((arg) => this.term(arg)),
        };
      case 'every':
        return {
          kind: 'every',
          key: varTerm(terms.key?.name ?? '$key'),
          value: varTerm(terms.value.name),
          domain: this.term(terms.domain),
          body: this.body(terms.body),
        };
      case 'not':
        return { kind: 'not', body: this.body(terms.body), explicitBody: terms.explicitBody };
      case 'logicalAnd':
      case 'logicalOr':
        return { kind: terms.kind, lhs: this.body(terms.lhs), rhs: this.body(terms.rhs) };
      case 'some':
        throw new Error('a declaration was left in a body');
      default:
        return { kind: 'term', term: this.term(terms) };
    }
  }
}

/** The dotted name of a ref all of whose terms are names. */
export function refName({ terms }: RefTerm): string | undefined {
  const words: string[] = [];
  for (const [index, term] of terms.entries()) {
    if (index === 0 && term.kind === 'var') words.push(term.name);
    else if (term.kind === 'value' && typeof term.value === 'string') words.push(term.value);
    else return undefined;
  }
  return words.join('.');
}
