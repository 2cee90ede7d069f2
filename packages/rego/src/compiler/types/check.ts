import { NO_LOCATION } from '../../ast/nodes.ts';
import { refText, termText } from '../../ast/print.ts';
import type { Body, Call, Expr, Ref, Rule, Term } from '../../ast/types.ts';
import { constantOf } from '../constants.ts';
import type { CompilerContext } from '../context.ts';
import type { RuleGraph } from '../recursion.ts';
import { type CompiledRule, groundPrefix, mayHaveComprehensions } from '../rule-tree.ts';
import { isComprehension, isEquality, operatorName, varTerm, walk } from '../tree.ts';
import { or, unifies } from './algebra.ts';
import { BuiltinTypes } from './builtin-types.ts';
import { insertRule, TypeEnv } from './env.ts';
import { unify1, unify2 } from './infer.ts';
import type { Problem } from './problem.ts';
import { RefCheck } from './ref-check.ts';
import type { SchemaAnnotations } from './schema-annotations.ts';
import { operandsText, signatureText, typeText } from './text.ts';
import {
  ANY,
  type FunctionType,
  isAny,
  isUnknown,
  type Maybe,
  objectType,
  setType,
  type Type,
} from './type.ts';

/** Finds expressions that no value can satisfy (stage CheckTypes; `ast/check.go`). */
export class TypeChecker {
  #context: CompilerContext;
  readonly #refs = new RefCheck((ref) => this.#text(ref));
  readonly #root: TypeEnv;
  readonly #rules: TypeEnv;
  readonly #graph: RuleGraph;
  readonly #schemas: SchemaAnnotations | undefined;
  readonly #relaxed = new Map<string, readonly (readonly Term[])[]>();
  /** What the closures of the expression at hand came to. */
  readonly #closed = new Map<Body, { readonly outer: TypeEnv; readonly inner: TypeEnv | undefined }>();

  /** Whether what is checked may have comprehensions. */
  #hasClosures = true;

  /** `schemas` gives documents types; without it there are none. */
  constructor(context: CompilerContext, graph: RuleGraph, schemas?: SchemaAnnotations, input?: Type) {
    this.#context = context;
    this.#graph = graph;
    this.#schemas = schemas;
    const check: TypeEnv['check'] = (env, body) => {
      const known = this.#closed.get(body);
      return known?.outer === env ? known.inner : this.#body(env, body, []);
    };
    this.#root = new TypeEnv(check, new BuiltinTypes(context.builtins.values()));
    if (input !== undefined) this.#root.tree.put([varTerm('input', NO_LOCATION)], input);
    this.#rules = this.#root.wrap();
  }

  /** Checks a rule with its branches. Rules must come after those that they depend on. */
  rule(rule: CompiledRule): void {
    this.#hasClosures = mayHaveComprehensions(rule);
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else)
      this.#branch(rule, branch);
    this.#closed.clear();
  }

  /** Checks a query on what is known of the rules; problems go to the query's context. */
  query(body: Body, context: CompilerContext): void {
    // The context of the rules is not needed any more, and large.
    this.#context = context;
    this.#hasClosures = true;
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
    const outer = this.#schemas?.env(this.#rules, rule, branch, this.#context) ?? this.#rules;
    const env = this.#body(outer, branch.body, problems);
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
          if (node.kind === 'var' && env.of(node) === undefined) env.setVar(node, ANY);
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
    return member === undefined ? undefined : setType(member);
  }

  /** The environment after a body; undefined (and problems) when it has mistakes. */
  #body(outer: TypeEnv, body: Body, problems: Problem[]): TypeEnv | undefined {
    const env = outer.wrap();
    const before = problems.length;
    for (let index = 0; index < body.length; index++) this.#exprs(env, body[index] as Expr, problems);
    return problems.length === before ? env : undefined;
  }

  /** An expression. Bodies of `every`, `not`, `and` and `or` are closures of their own. */
  #exprs(env: TypeEnv, expr: Expr, problems: Problem[]): void {
    const own = expr.with.length === 0 ? env : this.#withEnv(env, expr);
    const closures = this.#hasClosures && this.#closures(own, expr, problems);
    const refs = this.#refs.expr(own, expr, problems);
    const problem = this.#expr(own, expr);
    if (problem !== undefined && !((closures || refs) && problem.unknown)) problems.push(problem);
  }

  #closures(env: TypeEnv, expr: Expr, problems: Problem[]): boolean {
    const found: Problem[] = [];
    walk(expr, (node) => {
      if (node.kind === 'with' || found.length > 0) return found.length > 0;
      if (!isComprehension(node)) return false;
      const { body } = node as { body: Body };
      this.#closed.set(body, { outer: env, inner: this.#body(env, body, found) });
      return true;
    });
    problems.push(...found);
    return found.length > 0;
  }

  #text(ref: Ref): string {
    return this.#original(refText(ref.terms));
  }

  /** A text with what generated variables stand for, wherever they are: nothing else in a policy looks like one. */
  #original(text: string): string {
    return text.replaceAll(/\b__local\w*__/g, (name) => {
      const subject = this.#context.subjects.get(name);
      if (subject === undefined) return this.#context.original(name);
      return this.#original(typeof subject === 'string' ? subject : termText(subject));
    });
  }

  #expr(env: TypeEnv, expr: Expr): Problem | undefined {
    if (expr.with.length > 0) {
      const problem = this.#replacements(env, expr);
      if (problem !== undefined) return problem;
    }
    if (expr.terms.kind !== 'call') return undefined;
    const name = operatorName(expr.terms.operator) ?? '';
    if (this.#context.builtins.has(name)) this.#context.called.add(name);
    if (isEquality(expr)) return this.#equality(env, expr, expr.terms);
    return this.#call(env, expr, expr.terms, name);
  }

  /** Functions are replaced by functions of as many operands. */
  #replacements(env: TypeEnv, expr: Expr): Problem | undefined {
    for (const { target, value, location } of expr.with) {
      const known = env.of(target);
      const given = env.of(value);
      if (known?.kind === 'function' && given?.kind === 'function' && !unifies(known, given)) {
        const name = target.kind === 'ref' ? this.#text(target) : '';
        const details = [`have: (${given.args.map(typeText).join(', ')})`, `want: (${operandsText(known)})`];
        return { location, message: `${name}: arity mismatch`, details, unknown: false };
      }
    }
    return undefined;
  }

  #equality(env: TypeEnv, expr: Expr, call: Call): Problem | undefined {
    const a = call.args[0] as Term;
    const b = call.args[1] as Term;
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

  #call(env: TypeEnv, expr: Expr, call: Call, name: string): Problem | undefined {
    const type = env.ofRef(call.operator);
    if (isAny(type) || (type === undefined && this.#context.allowUndefinedFunctions)) return undefined;
    if (type?.kind !== 'function') {
      return { location: expr.location, message: `undefined function ${name}`, unknown: false };
    }
    const { args } = call;
    const given = typesOf(env, args);
    const most = type.args.length + (type.result === undefined ? 0 : 1);
    if (args.length > most && type.variadic === undefined)
      return mismatch(expr, name, 'too many arguments', type, given);
    if (args.length < type.args.length) return mismatch(expr, name, 'too few arguments', type, given);
    for (let index = 0; index < args.length; index++) {
      const want = index < type.args.length ? type.args[index] : index < most ? type.result : type.variadic;
      const known = given[index];
      if (known !== undefined && !isUnknown(known) && !unifies(known, want))
        return mismatch(expr, name, 'invalid argument(s)', type, given);
      if (!unify1(env, args[index] as Term, want, false))
        return mismatch(expr, name, 'invalid argument(s)', type, typesOf(env, args));
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

function typesOf(env: TypeEnv, terms: readonly Term[]): Maybe[] {
  const types = new Array<Maybe>(terms.length);
  for (let index = 0; index < terms.length; index++) types[index] = env.of(terms[index] as Term);
  return types;
}

function mismatch(
  { location }: Expr,
  name: string,
  what: string,
  type: FunctionType,
  have: readonly Maybe[],
): Problem {
  return {
    location,
    message: `${name}: ${what}`,
    details: [`have: (${have.map(typeText).join(', ')})`, `want: (${signatureText(type)})`],
    unknown: have.some(isUnknown),
  };
}
