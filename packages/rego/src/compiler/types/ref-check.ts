import { termText } from '../../ast/print.ts';
import type { Expr, Ref, Term, With } from '../../ast/types.ts';
import { spend } from '../../budget.ts';
import { toTerm, type Value } from '../../values/index.ts';
import { constantOf } from '../constants.ts';
import { isScalar } from '../tree.ts';
import { keysOf, select, unifies, valuesOf } from './algebra.ts';
import { extentOf, type TypeEnv, type TypeNode } from './env.ts';
import { unify1 } from './infer.ts';
import type { Problem } from './problem.ts';
import { typeText } from './text.ts';
import { ANY, type Maybe, unwrapped } from './type.ts';

type Node = Term | Expr | With;

/** Finds refs that lead to nothing, and types the variables in them. */
export class RefCheck {
  readonly #text: (ref: Ref) => string;

  /** `text` is a ref as the policy has it. */
  constructor(text: (ref: Ref) => string) {
    this.#text = text;
  }

  /** Adds what is wrong with the refs of an expression; whether anything is. */
  expr(env: TypeEnv, expr: Expr, problems: Problem[]): boolean {
    const before = problems.length;
    this.#visit(env, expr, problems);
    return problems.length > before;
  }

  #visitAll(env: TypeEnv, nodes: readonly Node[], problems: Problem[]): void {
    spend(nodes.length);
    for (let index = 0; index < nodes.length; index++) {
      const node = nodes[index] as Node;
      // Most nodes are leaves.
      if (node.kind !== 'string' && node.kind !== 'var') this.#visit(env, node, problems);
    }
  }

  /** Refs outside of comprehensions, and of the bodies within expressions in those of `not` only. */
  #visit(env: TypeEnv, node: Node, problems: Problem[]): void {
    switch (node.kind) {
      case 'ref': {
        const problem = this.#applied(env, node) ?? this.#ref(env, env, env.tree, node, 0);
        if (problem === undefined) this.#visitAll(env, node.terms, problems);
        else problems.push(problem);
        return;
      }
      case 'expr':
        this.#visitStatement(env, node, problems);
        return;
      case 'call':
        this.#visitAll(env, node.args, problems);
        return;
      case 'array':
      case 'set':
        this.#visitAll(env, node.items, problems);
        return;
      case 'object':
        for (const pair of node.pairs) this.#visitAll(env, pair, problems);
        return;
      case 'with':
        this.#visit(env, node.target, problems);
        this.#visit(env, node.value, problems);
        return;
      case 'templateString':
        this.#visitAll(env, node.parts, problems);
        return;
      default:
    }
  }

  #visitStatement(env: TypeEnv, expr: Expr, problems: Problem[]): void {
    const { terms } = expr;
    switch (terms.kind) {
      case 'not':
        this.#visitAll(env, terms.body, problems);
        return;
      case 'some':
        this.#visitAll(env, terms.symbols, problems);
        break;
      case 'every':
        this.#visit(env, terms.domain, problems);
        this.#visitAll(env, terms.body, problems);
        break;
      case 'logicalAnd':
      case 'logicalOr':
        this.#visitAll(env, terms.lhs, problems);
        this.#visitAll(env, terms.rhs, problems);
        break;
      default:
        this.#visit(env, terms, problems);
        return;
    }
    this.#visitAll(env, expr.with, problems);
  }

  #applied(env: TypeEnv, ref: Ref): Problem | undefined {
    const type = env.ofRef(ref);
    return type?.kind === 'function' ? this.#unsupported(ref, ref.terms.length, type) : undefined;
  }

  /** What the first `length` terms name has no members, or is a function. */
  #unsupported(ref: Ref, length: number, have: Maybe): Problem {
    const text = this.#text(ref);
    const width = this.#text({ ...ref, terms: ref.terms.slice(0, length) }).length;
    return {
      location: (ref.terms[0] as Term).location,
      message:
        have?.kind === 'function'
          ? `function ${text} used as reference, not called`
          : `undefined ref: ${text}`,
      details: [text, '^'.repeat(width), `have: ${typeText(have)}`],
      unknown: false,
    };
  }

  #ref(env: TypeEnv, current: TypeEnv, node: TypeNode, ref: Ref, at: number): Problem | undefined {
    const term = ref.terms[at];
    if (term === undefined) return undefined;
    if ((at === 1 || at === 2) && !isVarOrText(term) && isTree(ref)) return this.#undefinedRef(ref);
    if (term.kind === 'var' && at !== 0) {
      const keys = keysOf(extentOf(node));
      const known = env.of(term);
      if (known === undefined) env.setVar(term, keys);
      else if (!unifies(keys, known)) return this.#undefinedRef(ref, at, keys, known);
    }
    const child = node.child(term);
    if (child === undefined) {
      if (current.next !== undefined) return this.#ref(env, current.next, current.next.tree, ref, 0);
      if (!isTree(ref)) return this.#leaf(env, ANY, ref, 0);
      if (at === 0) return this.#leaf(env, ANY, ref, 1);
      for (const inner of node.children.values()) this.#ref(env, current, inner, ref, at + 1);
      return undefined;
    }
    if (child.type !== undefined) return this.#leaf(env, child.type, ref, at + 1);
    return this.#ref(env, current, child, ref, at + 1);
  }

  #leaf(env: TypeEnv, start: Maybe, ref: Ref, from: number): Problem | undefined {
    let type = start;
    for (let at = from; at < ref.terms.length; at++) {
      const term = ref.terms[at] as Term;
      const keys = keysOf(type);
      if (keys === undefined) return this.#unsupported(ref, at, type);
      if (isScalar(term)) {
        const member = select(type, constantOf(term) as Value);
        if (member === undefined) return this.#undefinedRef(ref, at, keys, undefined, memberKeys(type));
        type = member;
        continue;
      }
      if (term.kind === 'var') {
        const known = env.of(term);
        if (known === undefined) env.setVar(term, keys);
        else if (!unifies(known, keys)) return this.#undefinedRef(ref, at, keys, known);
      } else if (term.kind === 'ref') {
        const known = env.ofRef(term);
        if (known !== undefined && !unifies(known, keys)) return this.#undefinedRef(ref, at, keys, known);
      } else if (!unify1(env, term, keys, false)) return this.#undefinedRef(ref, at, keys, env.of(term));
      type = valuesOf(type);
    }
    return undefined;
  }

  /** `want` is what could stand at the position; `have` the type of a variable or ref that stands there. */
  #undefinedRef(ref: Ref, at?: number, want?: Maybe, have?: Maybe, oneOf: readonly Value[] = []): Problem {
    const { location } = ref.terms[0] as Term;
    const details: string[] = [];
    if (at !== undefined) {
      const pad = ' '.repeat(this.#text({ ...ref, terms: ref.terms.slice(0, at) }).length + 1);
      const found =
        have === undefined ? `have: ${termText(ref.terms[at] as Term)}` : `have (type): ${typeText(have)}`;
      const wanted =
        oneOf.length > 0
          ? `want (one of): [${oneOf.map(toTerm).join(' ')}]`
          : `want (type): ${typeText(want)}`;
      details.push(this.#text(ref), `${pad}^`, `${pad}${found}`, `${pad}${wanted}`);
    }
    return { location, message: `undefined ref: ${this.#text(ref)}`, details, unknown: false };
  }
}

/** The constant keys of an object, for messages. */
function memberKeys(of: Maybe): Value[] {
  const type = unwrapped(of);
  if (type?.kind === 'any') return type.of.flatMap(memberKeys);
  return type?.kind === 'object' ? type.members.map(([key]) => key) : [];
}

function isVarOrText(term: Term): boolean {
  return term.kind === 'var' || term.kind === 'string';
}

function isTree({ terms: [head] }: Ref): boolean {
  return head?.kind === 'var' && (head.name === 'data' || head.name === 'input');
}
