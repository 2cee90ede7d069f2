import { type Constraint, Constraints } from './index-constraints.ts';
import { IndexNode, type Resolve, Traversal } from './index-trie.ts';
import { type RefTerm, type TracedRule, varTerm } from './terms.ts';

export interface Candidates {
  readonly rules: readonly TracedRule[];
  /** The `else` branches, of those that can apply, that follow a rule. */
  readonly branches: ReadonlyMap<TracedRule, readonly TracedRule[]>;
  readonly default: TracedRule | undefined;
  /** All that can apply have one value, so that the first success is enough. */
  readonly earlyExit: boolean;
}

/**
 * Tells which rules of a document can apply to an input, as OPA's index does (`v1/ast/index.go`): what is traced is what
 * OPA would have evaluated.
 */
export class RuleIndex {
  readonly #root = new IndexNode();
  readonly #default: TracedRule | undefined;
  readonly isMultiValue: boolean;
  /** No variable in any rule's ref. */
  readonly onlyGroundRefs: boolean;

  constructor(rules: readonly TracedRule[], isVirtual: (ref: RefTerm) => boolean) {
    const constraints = new Constraints(isVirtual);
    let onlyGround = true;
    let fallback: TracedRule | undefined;
    for (const rule of rules) {
      for (const branch of branchesOf(rule)) {
        if (branch.isDefault) {
          fallback = branch;
          continue;
        }
        onlyGround &&= branch.ref.every((term, index) => index === 0 || term.kind !== 'var');
        constraints.add(branch);
      }
    }
    this.#default = fallback;
    this.onlyGroundRefs = onlyGround;
    this.isMultiValue = rules[0]?.isMultiValue === true;
    const order = constraints.order();
    for (const [position, rule] of rules.entries()) {
      let priority = 0;
      for (const branch of branchesOf(rule)) {
        if (branch.isDefault) continue;
        for (const path of constraints.paths(branch)) {
          this.#insert(order, path, { position, priority, rule: branch });
        }
        priority++;
      }
    }
  }

  #insert(
    order: readonly Constraint['ref'][],
    path: readonly Constraint[],
    entry: { readonly position: number; readonly priority: number; readonly rule: TracedRule },
  ): void {
    let node = this.#root;
    if (path.length > 0) {
      for (const ref of order) {
        const values = path.filter((constraint) => constraint.key === ref.key);
        const [first] = values;
        if (first === undefined) node = node.insert(ref, undefined, undefined);
        else if (values.length === 1) node = node.insert(ref, first.value, first.mapper);
        else if (values.some(({ value }) => value.kind === 'var')) {
          const child = node.insert(ref, varTerm('$any'), first.mapper);
          for (const { mapper } of values) if (mapper !== undefined) node.next?.addMapper(mapper);
          node = child;
        } else {
          for (const { value, mapper } of values) node.insert(ref, value, mapper).append(entry);
          return;
        }
      }
    }
    node.append(entry);
  }

  lookup(resolve: Resolve): Candidates {
    const traversal = new Traversal();
    this.#root.traverse(resolve, traversal);
    return traversal.candidates(this.#default, true);
  }

  /** All rules. */
  all(): Candidates {
    const traversal = new Traversal();
    this.#root.walk(traversal);
    return traversal.candidates(this.#default, false);
  }
}

function* branchesOf(rule: TracedRule): Generator<TracedRule> {
  for (let branch: TracedRule | undefined = rule; branch !== undefined; branch = branch.else) yield branch;
}
