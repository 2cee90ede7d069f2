import { refText, termText } from '../../ast/print.ts';
import type { Body, Call, Expr, Ref, Rule, Term } from '../../ast/types.ts';
import type { BuiltinDeclaration } from '../../builtins/types.ts';
import { toTerm, type Value } from '../../values/index.ts';
import { constantOf } from '../constants.ts';
import type { CompilerContext } from '../context.ts';
import type { RuleGraph } from '../recursion.ts';
import { type CompiledRule, groundPrefix } from '../rule-tree.ts';
import { isComprehension, isEquality, isScalar, isWith, operatorName, walk } from '../tree.ts';
import { extentOf, insertRule, TypeEnv, type TypeNode } from './env.ts';
import {
  ANY,
  type ArrayType,
  type FunctionType,
  fromDeclared,
  isUnknown,
  keysOf,
  type Maybe,
  type ObjectType,
  objectType,
  or,
  select,
  type Type,
  typeText,
  unifies,
  valuesOf,
} from './type.ts';

interface Problem {
  readonly location: Expr['location'];
  readonly message: string;
  readonly details?: readonly string[];
  /** Whether it may only follow from another problem. */
  readonly unknown: boolean;
}

/** Types of built-ins are the same in every policy. */
const functionTypes = new WeakMap<BuiltinDeclaration, FunctionType>();

function functionType(declaration: BuiltinDeclaration): FunctionType {
  let type = functionTypes.get(declaration);
  if (type === undefined) {
    const { args, variadic, result } = declaration;
    type = {
      kind: 'function',
      args: args.map(fromDeclared),
      variadic: variadic === undefined ? undefined : fromDeclared(variadic),
      result: result === undefined ? undefined : fromDeclared(result),
    };
    functionTypes.set(declaration, type);
  }
  return type;
}

/** Finds expressions that no value can satisfy (stage CheckTypes; `ast/check.go`). */
export class TypeChecker {
  #context: CompilerContext;
  readonly #root: TypeEnv;
  readonly #rules: TypeEnv;
  readonly #graph: RuleGraph;
  readonly #relaxed = new Map<string, readonly (readonly Term[])[]>();
  /** What the closures of the expression at hand came to. */
  readonly #closed = new Map<Body, { readonly outer: TypeEnv; readonly inner: TypeEnv | undefined }>();

  constructor(context: CompilerContext, graph: RuleGraph) {
    this.#context = context;
    this.#graph = graph;
    this.#root = new TypeEnv((env, body) => {
      const known = this.#closed.get(body);
      return known?.outer === env ? known.inner : this.#body(env, body, []);
    });
    for (const { name, declaration } of context.builtins.values()) {
      const [head, ...rest] = name.split('.') as [string, ...string[]];
      const location = { file: '', row: 0, col: 0, offset: 0, text: '' };
      const path: Term[] = [
        { kind: 'var', name: head, location },
        ...rest.map((value): Term => ({ kind: 'string', value, location })),
      ];
      this.#root.tree.put(path, functionType(declaration));
    }
    this.#rules = this.#root.wrap();
  }

  /** Checks a rule with its branches. Rules must come after those that they depend on. */
  rule(rule: CompiledRule): void {
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else)
      this.#branch(rule, branch);
    this.#closed.clear();
  }

  /** Checks a query on what is known of the rules; problems go to the query's context. */
  query(body: Body, context: CompilerContext): void {
    // The context of the rules is not needed any more, and large.
    this.#context = context;
    const problems: Problem[] = [];
    this.#body(this.#rules, body, problems);
    this.#closed.clear();
    this.#report(problems);
  }

  #report(problems: readonly Problem[]): void {
    for (const { location, message, details } of problems) {
      this.#context.report('rego_type_error', location, message, details);
    }
  }

  #branch(rule: CompiledRule, branch: Rule): void {
    const problems: Problem[] = [];
    const env = this.#body(this.#rules, branch.body, problems);
    const path = rule.path;
    if (env === undefined) {
      this.#report(problems);
      this.#rules.tree.put(path, ANY);
      return;
    }
    const type = this.#ruleType(env, branch);
    if (type === undefined) return;
    const length = groundPrefix(path).length + 1;
    const nested = path.slice(length).reduceRight<Maybe>((inner, key) => {
      const keyType = env.of(key);
      return inner === undefined || keyType === undefined ? undefined : objectType([], [keyType, inner]);
    }, type);
    if (nested !== undefined) insertRule(this.#rules.tree, path.slice(0, length), nested, this.#rules);
  }

  #ruleType(env: TypeEnv, { head, location }: Rule): Maybe {
    const value = head.value ?? { kind: 'boolean', value: true, location };
    if (head.args !== undefined && head.args.length > 0) {
      for (const arg of head.args) {
        walk(arg, (node) => {
          if (!isWith(node) && node.kind === 'var' && env.of(node) === undefined) env.setVar(node, ANY);
          return false;
        });
      }
      return {
        kind: 'function',
        args: head.args.map((arg) => env.of(arg)),
        result: env.of(value),
        variadic: undefined,
      };
    }
    if (head.key === undefined || head.value !== undefined) return env.of(value);
    const member = env.of(head.key);
    return member === undefined ? undefined : { kind: 'set', of: member };
  }

  /** The environment after a body; undefined (and problems) when it has mistakes. */
  #body(outer: TypeEnv, body: Body, problems: Problem[]): TypeEnv | undefined {
    const env = outer.wrap();
    const before = problems.length;
    for (const expr of body) this.#exprs(env, expr, problems);
    return problems.length === before ? env : undefined;
  }

  /** An expression. Bodies of `every`, `not`, `and` and `or` are closures of their own. */
  #exprs(env: TypeEnv, expr: Expr, problems: Problem[]): void {
    const own = expr.with.length === 0 ? env : this.#withEnv(env, expr);
    const closures = this.#closures(own, expr, problems);
    const refs = this.#refs(own, expr, problems);
    const problem = this.#expr(own, expr);
    if (problem !== undefined && !((closures || refs) && problem.unknown)) problems.push(problem);
  }

  #closures(env: TypeEnv, expr: Expr, problems: Problem[]): boolean {
    const found: Problem[] = [];
    walk(expr, (node) => {
      if (isWith(node) || found.length > 0) return found.length > 0;
      if (!isComprehension(node as Term)) return false;
      const { body } = node as { body: Body };
      this.#closed.set(body, { outer: env, inner: this.#body(env, body, found) });
      return true;
    });
    problems.push(...found);
    return found.length > 0;
  }

  #refs(env: TypeEnv, expr: Expr, problems: Problem[]): boolean {
    const before = problems.length;
    const visit = (node: Parameters<Parameters<typeof walk>[1]>[0]): boolean => {
      if (isWith(node)) return false;
      if (isComprehension(node as Term)) return true;
      if (node.kind === 'call') {
        for (const arg of node.args) walk(arg, visit);
        return true;
      }
      if (node.kind === 'expr') {
        const { terms } = node;
        switch (terms.kind) {
          case 'not':
            for (const inner of terms.body) walk(inner, visit);
            return true;
          case 'every':
          case 'logicalAnd':
          case 'logicalOr':
          case 'some':
            return false;
          default:
            walk(terms as Term, visit);
            return true;
        }
      }
      if (node.kind !== 'ref') return false;
      const problem = this.#applied(env, node) ?? this.#ref(env, env, env.tree, node, 0);
      if (problem === undefined) return false;
      problems.push(problem);
      return true;
    };
    walk(expr, visit);
    return problems.length > before;
  }

  #applied(env: TypeEnv, ref: Ref): Problem | undefined {
    const type = env.ofRef(ref);
    if (type?.kind !== 'function') return undefined;
    return {
      location: (ref.terms[0] as Term).location,
      message: `function ${this.#text(ref)} used as reference, not called`,
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
      if (keys === undefined) {
        const { location } = ref.terms[0] as Term;
        const length = this.#text({ ...ref, terms: ref.terms.slice(0, at) }).length;
        const details = [this.#text(ref), '^'.repeat(length), `have: ${typeText(type)}`];
        return { location, message: `undefined ref: ${this.#text(ref)}`, details, unknown: false };
      }
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

  #text(ref: Ref): string {
    return refText(
      ref.terms.map((term) =>
        term.kind === 'var'
          ? { ...term, name: this.#context.subjects.get(term.name) ?? this.#context.original(term.name) }
          : term,
      ),
    );
  }

  #expr(env: TypeEnv, expr: Expr): Problem | undefined {
    for (const { target, value, ...modifier } of expr.with) {
      const known = env.of(target);
      const given = env.of(value);
      if (known?.kind === 'function' && given?.kind === 'function' && !unifies(known, given)) {
        const name = target.kind === 'ref' ? this.#text(target) : '';
        return { location: modifier.location, message: `${name}: arity mismatch`, unknown: false };
      }
    }
    if (expr.terms.kind !== 'call') return undefined;
    if (isEquality(expr)) return this.#equality(env, expr, expr.terms);
    return this.#call(env, expr, expr.terms);
  }

  #equality(env: TypeEnv, expr: Expr, call: Call): Problem | undefined {
    const [a, b] = call.args as [Term, Term];
    const left = env.of(a);
    const right = env.of(b);
    if (unify2(env, a, left, b, right)) return undefined;
    return {
      location: expr.location,
      message: 'match error',
      details: [`left  : ${typeText(left)}`, `right : ${typeText(right)}`],
      unknown: isUnknown(left) || isUnknown(right),
    };
  }

  #call(env: TypeEnv, expr: Expr, call: Call): Problem | undefined {
    const type = env.ofRef(call.operator);
    const name = operatorName(call.operator) ?? '';
    if (type?.kind === 'any' && type.of.length === 0) return undefined;
    if (type?.kind !== 'function') {
      return { location: expr.location, message: `undefined function ${name}`, unknown: false };
    }
    const wanted = type.result === undefined ? type.args : [...type.args, type.result];
    const want = (index: number): Maybe => (index < wanted.length ? wanted[index] : type.variadic);
    const given = call.args.map((arg) => env.of(arg));
    const problem = (what: string, have: readonly Maybe[]): Problem => ({
      location: expr.location,
      message: `${name}: ${what}`,
      details: [`have: (${have.map(typeText).join(', ')})`, `want: (${wanted.map(typeText).join(', ')})`],
      unknown: have.some(isUnknown),
    });
    if (call.args.length > wanted.length && type.variadic === undefined)
      return problem('too many arguments', given);
    if (call.args.length < type.args.length) return problem('too few arguments', given);
    for (let index = 0; index < call.args.length; index++) {
      const arg = call.args[index] as Term;
      const known = given[index];
      if (known !== undefined && !isUnknown(known) && !unifies(known, want(index))) {
        return problem('invalid argument(s)', given);
      }
      if (!unify1(env, arg, want(index), false)) {
        return problem(
          'invalid argument(s)',
          call.args.map((term) => env.of(term)),
        );
      }
    }
    return undefined;
  }

  /** What `with` replaces may also be of its replacement's type, and what depends on it of any. */
  #withEnv(env: TypeEnv, expr: Expr): TypeEnv {
    let current = env;
    const replaced: (readonly [readonly Term[], Type])[] = [];
    for (const { target, value } of expr.with) {
      if (target.kind !== 'ref') continue;
      const known = env.ofRef(target);
      const isFunction = known?.kind === 'function';
      const paths = this.#relaxedBy(target, isFunction);
      if (paths.length > 0) {
        current = current.wrapForExpression();
        for (const path of paths) current.tree.put(path, ANY);
      }
      if (isFunction) continue;
      const ground = target.terms.findIndex((term, index) => index > 0 && constantOf(term) === undefined);
      const given = ground < 0 && known !== undefined ? env.of(value) : undefined;
      const type = given === undefined ? ANY : (or(known, given) ?? ANY);
      replaced.push([ground < 0 ? target.terms : target.terms.slice(0, ground), type]);
    }
    if (replaced.length === 0) return current;
    current = current.wrapForExpression();
    for (const [path, type] of replaced) current.tree.put(path, type);
    return current;
  }

  #relaxedBy(target: Ref, isFunction: boolean): readonly (readonly Term[])[] {
    const key = `${isFunction} ${refText(target.terms)}`;
    let paths = this.#relaxed.get(key);
    if (paths === undefined) {
      paths = this.#graph
        .dependents(target)
        .map((rule) => rule.path.slice(0, groundPrefix(rule.path).length + 1));
      if (isFunction) paths = paths.filter((path) => refText(path) !== refText(target.terms));
      this.#relaxed.set(key, paths);
    }
    return paths;
  }
}

/** The constant keys of an object, for messages. */
function memberKeys(type: Maybe): Value[] {
  if (type?.kind === 'any') return type.of.flatMap(memberKeys);
  return type?.kind === 'object' ? type.members.map(([key]) => key) : [];
}

function isVarOrText(term: Term): boolean {
  return term.kind === 'var' || term.kind === 'string';
}

function isTree({ terms: [head] }: Ref): boolean {
  return head?.kind === 'var' && (head.name === 'data' || head.name === 'input');
}

function unify2(env: TypeEnv, a: Term, left: Maybe, b: Term, right: Maybe): boolean {
  const leftUnknown = isUnknown(left);
  const rightUnknown = isUnknown(right);
  if (leftUnknown && !rightUnknown) return unify1(env, a, right, false);
  if (rightUnknown && !leftUnknown) return unify1(env, b, left, false);
  if (!leftUnknown) return unifies(left, right);
  if (a.kind === 'array') return unify2Array(env, a, b);
  if (a.kind === 'object') return unify2Object(env, a, b);
  if (a.kind === 'var') {
    if (b.kind === 'var') return unify1(env, a, ANY, false) && unify1(env, b, env.of(a), false);
    if (b.kind === 'array') return unify2Array(env, b, a);
    if (b.kind === 'object') return unify2Object(env, b, a);
  }
  if (a.kind === 'var' && left === undefined && right !== undefined) return unify1(env, a, right, false);
  if (b.kind === 'var' && right === undefined && left !== undefined) return unify1(env, b, left, false);
  return false;
}

function unify2Array(env: TypeEnv, a: Term & { kind: 'array' }, b: Term): boolean {
  if (b.kind === 'var') return unify1(env, a, ANY, false) && unify1(env, b, env.of(a), false);
  if (b.kind !== 'array' || a.items.length !== b.items.length) return false;
  return a.items.every((item, index) => {
    const other = b.items[index] as Term;
    return unify2(env, item, env.of(item), other, env.of(other));
  });
}

function unify2Object(env: TypeEnv, a: Term & { kind: 'object' }, b: Term): boolean {
  if (b.kind === 'var') return unify1(env, a, ANY, false) && unify1(env, b, env.of(a), false);
  if (b.kind !== 'object' || a.pairs.length !== b.pairs.length) return false;
  const others = new Map(b.pairs.map(([key, value]) => [termText(key), value]));
  return a.pairs.every(([key, value]) => {
    const other = others.get(termText(key));
    return other !== undefined && unify2(env, value, env.of(value), other, env.of(other));
  });
}

/** Checks a term against a type, and gives its untyped variables their types. */
function unify1(env: TypeEnv, term: Term, type: Maybe, union: boolean): boolean {
  switch (term.kind) {
    case 'array':
      if (type?.kind === 'array') return unify1Array(env, term.items, type, union);
      return type?.kind === 'any' && unify1Any(env, term, term.items, type.of);
    case 'object':
      if (type?.kind === 'object') return unify1Object(env, term.pairs, type, union);
      return type?.kind === 'any' && unify1Any(env, term, term.pairs.flat(), type.of);
    case 'set':
      if (type?.kind === 'set') return term.items.every((item) => unify1(env, item, type.of, union));
      return type?.kind === 'any' && unify1Any(env, term, term.items, type.of);
    case 'var': {
      const known = env.of(term);
      if (union) env.setVar(term, or(known, type));
      else if (known !== undefined) return unifies(known, type);
      else env.setVar(term, type);
      return true;
    }
    default:
      return unifies(env.of(term), type);
  }
}

function unify1Any(env: TypeEnv, term: Term, parts: readonly Term[], types: readonly Type[]): boolean {
  if (types.length === 0) {
    for (const part of parts) unify1(env, part, ANY, true);
    return true;
  }
  let found = false;
  for (const type of types) found = unify1(env, term, type, true) || found;
  return found;
}

function unify1Array(env: TypeEnv, items: readonly Term[], type: ArrayType, union: boolean): boolean {
  if (items.length !== type.items.length && type.rest === undefined) return false;
  return items.every((item, index) => unify1(env, item, select(type, index), union));
}

function unify1Object(
  env: TypeEnv,
  pairs: readonly (readonly [Term, Term])[],
  type: ObjectType,
  union: boolean,
): boolean {
  if (pairs.length !== type.members.length && type.rest === undefined) return false;
  return pairs.every(([key, value]) => {
    const constant = constantOf(key);
    if (constant === undefined) {
      unify1(env, value, ANY, union);
      return true;
    }
    const member = select(type, constant);
    return member !== undefined && unify1(env, value, member, union);
  });
}
