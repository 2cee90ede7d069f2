import { compareTerms } from '../ast/compare.ts';
import type { Body, Ref, Rule, Term } from '../ast/types.ts';
import type { CompiledRule, RuleNode, RuleTree } from '../compiler/rule-tree.ts';
import { isRootRef, isScalar, walkAll } from '../compiler/tree.ts';
import { type CompileInput, Engine, guarded } from '../engine.ts';

type Node = Parameters<typeof walkAll>[0][number];

/** What a query needs. Refs start with `data` or `input`; they end where a part is not constant. */
export interface Dependencies {
  /** Documents that somebody has to provide. */
  readonly base: readonly Ref[];
  /** Rules. */
  readonly virtual: readonly Ref[];
}

/**
 * The documents and rules a query depends on, itself or by way of rules. Of documents
 * that one rule uses, those within others are left out. Throws {@link RegoError}.
 */
export function dependencies(input: CompileInput, query: string): Dependencies {
  return guarded(input, () => {
    const engine = new Engine(input);
    const { body } = engine.compileQuery(query, [], false);
    const collector = new Collector(engine.compiled.tree);
    collector.body(body);
    return { base: unique(collector.base), virtual: unique(collector.virtual) };
  });
}

class Collector {
  readonly base: Ref[] = [];
  readonly virtual: Ref[] = [];
  readonly #tree: RuleTree;
  readonly #visited = new Set<CompiledRule>();

  constructor(tree: RuleTree) {
    this.#tree = tree;
  }

  body(body: Body): void {
    this.#nodes(body);
  }

  /** Of the refs of one rule or query, those within others add nothing. */
  #nodes(nodes: readonly Node[]): void {
    const refs: Ref[] = [];
    walkAll(nodes, (node) => {
      if (isRootedRef(node)) refs.push(node);
      return false;
    });
    for (const ref of outermost(refs)) this.#ref(ref);
  }

  #ref(ref: Ref): void {
    const terms = constantPrefix(ref.terms);
    const rules = this.#rules(terms);
    if (rules.length === 0) this.base.push({ ...ref, terms });
    for (const rule of rules) {
      if (this.#visited.has(rule)) continue;
      this.#visited.add(rule);
      this.virtual.push({ ...ref, terms: constantPrefix(rule.path) });
      this.#rule(rule);
    }
  }

  #rule(rule: Rule): void {
    const nodes: Node[] = [];
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
      const { key, value, args, ref } = branch.head;
      nodes.push(...[key, value, ...(args ?? []), ...ref.slice(1)].filter((term) => term !== undefined));
      nodes.push(...branch.body);
    }
    this.#nodes(nodes);
  }

  /** Rules at the path, on the way to it, and below it. */
  #rules(terms: readonly Term[]): CompiledRule[] {
    const found: CompiledRule[] = [];
    for (let length = 1; length <= terms.length; length++) {
      const node = this.#tree.find({
        kind: 'ref',
        terms: terms.slice(0, length),
        location: terms[0]!.location,
      });
      if (node === undefined) return found;
      found.push(...node.rules);
      if (length === terms.length) for (const child of node.children.values()) below(child, found);
    }
    return found;
  }
}

function below(node: RuleNode, found: CompiledRule[]): void {
  found.push(...node.rules);
  for (const child of node.children.values()) below(child, found);
}

function constantPrefix(terms: readonly Term[]): Term[] {
  const end = terms.findIndex((term, index) => index > 0 && !isScalar(term));
  return terms.slice(0, end === -1 ? undefined : end);
}

function unique(refs: readonly Ref[]): Ref[] {
  return refs
    .toSorted(compareTerms)
    .filter((ref, index, all) => index === 0 || compareTerms(ref, all[index - 1]!) !== 0);
}

function outermost(refs: readonly Ref[]): Ref[] {
  const kept: Ref[] = [];
  for (const ref of unique(refs)) {
    const outer = kept.at(-1)?.terms;
    const isWithin = outer?.every(
      (term, index) => ref.terms[index] && compareTerms(term, ref.terms[index]) === 0,
    );
    if (isWithin !== true) kept.push(ref);
  }
  return kept;
}

function isRootedRef(node: Node): node is Ref {
  return node.kind === 'ref' && (isRootRef(node, 'data') || isRootRef(node, 'input'));
}
