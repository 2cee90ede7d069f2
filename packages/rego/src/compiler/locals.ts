import type { Body, Call, Expr, Ref, Rule, Term, Var, With } from '../ast/types.ts';
import type { CompilerContext } from './context.ts';
import { LocalScopes, type Occurrence } from './local-scopes.ts';
import { markAssignment } from './marks.ts';
import { outputsOfEquality } from './outputs.ts';
import { type CompiledRule, mayHaveComprehensions } from './rule-tree.ts';
import {
  equalityExpr,
  headTerms,
  isAssignment,
  isComprehension,
  isGenerated,
  isRootDocument,
  isWildcardName,
  operatorName,
  refTo,
  termExpr,
  varTerm,
  walk,
} from './tree.ts';
import { declaredVars, SAFETY_VARS, varsOf } from './vars.ts';

/**
 * Gives variables declared with `:=`, `some`, `every` or as parameters names of their own, and turns the
 * declarations into equalities (stage RewriteLocalVars).
 */
export class LocalVars {
  readonly #context: CompilerContext;
  #scopes = new LocalScopes();
  #failed = false;

  constructor(context: CompilerContext) {
    this.#context = context;
  }

  rule(rule: CompiledRule): void {
    const strict = this.#context.strict;
    const unused = strict ? varsOf(rule.head.args ?? []) : new Set<string>();
    const args = new LocalScopes();
    this.#scopes = args;
    for (const arg of rule.head.args ?? []) this.#parameter(arg);
    let parameters = rule.head.args;
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
      if (parameters !== undefined) branch.head.args = parameters;
      this.#scopes = args.copy();
      this.#branch(branch, unused, rule.uses.builtinNames, mayHaveComprehensions(rule));
      parameters = rule.head.args;
      for (const name of unused) if ((this.#scopes.find(name)?.count ?? 0) > 1) unused.delete(name);
    }
    for (const name of unused) {
      if (isWildcardName(name)) continue;
      this.#context.report(
        'rego_compile_error',
        rule.head.location,
        `unused argument ${name}. (hint: use _ (wildcard variable) instead)`,
      );
    }
  }

  query(body: Body): Body {
    return this.#body(body, new Set());
  }

  #parameter(term: Term): void {
    switch (term.kind) {
      case 'var': {
        const known = this.#scopes.rewritten(term.name);
        if (known !== undefined) {
          this.#scopes.see(term.name);
          term.name = known;
          return;
        }
        const name = this.#context.freshVar();
        this.#insert(term.name, name, 'argument');
        term.name = name;
        return;
      }
      case 'array':
        for (const item of term.items) this.#parameter(item);
        return;
      case 'object':
        for (const pair of term.pairs) this.#parameter(pair[1]);
        return;
      case 'ref':
        for (const part of term.terms) this.#parameter(part);
        return;
      case 'call':
        this.#context.report('rego_compile_error', term.location, 'rule arguments cannot contain calls');
        return;
      default:
    }
  }

  #branch(rule: Rule, unusedArgs: Set<string>, namesBuiltins: boolean, mayNest: boolean): void {
    const { head } = rule;
    const terms = headTerms(head);
    if (mayNest) {
      // Comprehensions of the head come first, in scopes of their own.
      const outer = this.#scopes;
      for (const term of terms.concat(head.args ?? [])) {
        walk(term, (node) => {
          if (!(isComprehension(node) || node.kind === 'templateString')) return false;
          this.#scopes = new LocalScopes();
          this.#term(node as Term);
          return true;
        });
      }
      this.#scopes = outer;
    }
    const used = varsOf(terms);
    if (unusedArgs.size > 0 && head.value !== undefined)
      for (const name of varsOf([head.value])) unusedArgs.delete(name);
    if (namesBuiltins) this.#hideBuiltins(rule);
    rule.body = this.#body(rule.body, used);
    const replace = (term: Term): void => {
      walk(term, (node) => {
        if (node.kind === 'var') node.name = this.#scopes.outermost(node.name)?.rewritten ?? node.name;
        return false;
      });
    };
    for (const term of terms) replace(term);
  }

  /** A variable named like a built-in gets another name, so that later stages cannot take it for the function. */
  #hideBuiltins(rule: Rule): void {
    const { builtins } = this.#context;
    const names: string[] = [];
    for (const name of varsOf(rule.body, SAFETY_VARS)) if (builtins.has(name)) names.push(name);
    if (names.length === 0) return;
    const declared = declaredVars(rule.body);
    for (const name of names) {
      if (declared.has(name) || this.#scopes.rewritten(name) !== undefined) continue;
      let modified = false;
      for (const expr of rule.body) {
        walk(expr, (node) => {
          if (node.kind === 'with' && varsOf([node.target, node.value]).has(name)) modified = true;
          return false;
        });
      }
      if (!modified) this.#insert(name, this.#context.freshVar(), 'seen');
    }
  }

  #body(body: Body, used: ReadonlySet<string>): Body {
    const out: Body = [];
    for (let index = 0; index < body.length; index++) {
      const rewritten = this.#statement(body[index] as Expr);
      if (rewritten !== undefined) out.push(rewritten);
    }
    if (out.length === 0) {
      const location = (body[0] as Expr).location;
      out.push(termExpr({ kind: 'boolean', value: true, location }, location));
    }
    if (!this.#failed) this.#reportUnused(body, out, used);
    return out;
  }

  #statement(expr: Expr): Expr | undefined {
    if (isAssignment(expr)) return this.#assignment(expr);
    switch (expr.terms.kind) {
      case 'some':
        return this.#some(expr);
      case 'every':
        return this.#every(expr);
      case 'not':
      case 'logicalAnd':
      case 'logicalOr':
        return this.#nested(expr);
      default:
        this.#expr(expr);
        return expr;
    }
  }

  #assignment(expr: Expr): Expr {
    const call = expr.terms as Call;
    if (expr.negated) {
      this.#fail(expr, 'cannot assign vars inside negated expression');
      return expr;
    }
    const [left, right] = call.args as [Term, Term];
    this.#term(right);
    for (const modifier of expr.with) this.#term(modifier.value);
    call.args = [this.#target(left), right];
    call.operator = refTo('eq', call.operator.location);
    this.#context.called.add('assign');
    markAssignment(expr);
    return expr;
  }

  #target(term: Term): Term {
    switch (term.kind) {
      case 'var':
        return { ...term, name: this.#declare(term.name, 'assigned', term) };
      case 'array':
        term.items = term.items.map((item) => this.#target(item));
        return term;
      case 'object':
        term.pairs = term.pairs.map(([key, value]) => [key, this.#target(value)]);
        return term;
      case 'ref': {
        const root = term.terms[0] as Var;
        if (isRootDocument(term)) {
          return { ...root, name: this.#declare(root.name, 'assigned', term) };
        }
        break;
      }
      default:
    }
    this.#fail(term, `cannot assign to ${term.kind.toLowerCase()}`);
    return term;
  }

  #some(expr: Expr): Expr | undefined {
    if (expr.terms.kind !== 'some') return expr;
    for (const symbol of expr.terms.symbols) {
      if (symbol.kind === 'var') {
        this.#declare(symbol.name, 'declared', symbol, expr);
        continue;
      }
      if (symbol.kind !== 'call') continue;
      const [first, second, third] = symbol.args;
      const key = third === undefined ? varTerm(this.#context.freshVar(), symbol.location) : (first as Term);
      const value = (third === undefined ? first : second) as Term;
      const container = (third ?? second) as Term;
      const location = container.location;
      const ref: Term =
        container.kind === 'ref'
          ? { kind: 'ref', terms: container.terms.concat(key), location }
          : { kind: 'ref', terms: [container, key], location };
      const equality: Expr = {
        ...equalityExpr(value, ref, expr.location),
        with: expr.with,
        negated: expr.negated,
      };
      const outputs = [...outputsOfEquality(equality, varsOf([container]))].sort();
      for (const name of outputs) this.#declare(name, 'declared', expr);
      this.#expr(equality);
      return equality;
    }
    return undefined;
  }

  #every(expr: Expr): Expr {
    if (expr.terms.kind !== 'every') return expr;
    const every = expr.terms;
    this.#term(every.domain);
    this.#scopes.enter();
    if (every.key === undefined)
      every.key = { kind: 'var', name: this.#context.freshVar(), location: expr.location };
    else if (!isWildcardName(every.key.name)) {
      every.key = { ...every.key, name: this.#declare(every.key.name, 'declared', every.key) };
    }
    if (!isWildcardName(every.value.name)) {
      every.value = { ...every.value, name: this.#declare(every.value.name, 'declared', every.value) };
    }
    every.body = this.#body(every.body, new Set());
    this.#scopes.leave();
    for (const modifier of expr.with) this.#modifier(modifier);
    return expr;
  }

  /** Bodies of `not`, `and` and `or`: with braces they may declare variables of their own. */
  #nested(expr: Expr): Expr {
    const terms = expr.terms;
    if (terms.kind === 'not') {
      terms.body = this.#operand(
        terms.body,
        terms.explicitBody,
        'cannot assign vars inside negated expression',
      );
    } else if (terms.kind === 'logicalAnd' || terms.kind === 'logicalOr') {
      const message = `cannot assign vars inside implicit ${terms.kind === 'logicalAnd' ? 'and' : 'or'} operand`;
      terms.lhs = this.#operand(terms.lhs, terms.explicitLhs, message);
      terms.rhs = this.#operand(terms.rhs, terms.explicitRhs, message);
    }
    for (const modifier of expr.with) this.#modifier(modifier);
    return expr;
  }

  #operand(body: Body, explicit: boolean, message: string): Body {
    if (explicit) {
      this.#scopes.enter();
      const rewritten = this.#body(body, new Set());
      this.#scopes.leave();
      return rewritten;
    }
    for (const expr of body) {
      if (isAssignment(expr)) this.#fail(expr, message);
      else if (
        expr.terms.kind === 'not' ||
        expr.terms.kind === 'logicalAnd' ||
        expr.terms.kind === 'logicalOr'
      ) {
        this.#nested(expr);
      } else this.#expr(expr);
    }
    return body;
  }

  #expr(expr: Expr): void {
    const terms = expr.terms;
    if (terms.kind === 'call') {
      this.#hideFunction(terms);
      for (let index = 0; index < terms.args.length; index++) this.#term(terms.args[index] as Term);
    } else if (
      terms.kind !== 'some' &&
      terms.kind !== 'every' &&
      terms.kind !== 'not' &&
      terms.kind !== 'logicalAnd' &&
      terms.kind !== 'logicalOr'
    ) {
      // A term that is a whole statement may itself be a root document a local hides.
      const term = this.#shadowed(terms as Term) ?? (terms as Term);
      expr.terms = term;
      this.#term(term);
    } else {
      this.#statement(expr);
      return;
    }
    if (expr.with.length > 0) for (const modifier of expr.with) this.#modifier(modifier);
  }

  /** A call of a local variable: later stages find that it is no function. */
  #hideFunction({ operator }: Call): void {
    const head = operator.terms[0];
    if (head?.kind === 'var') head.name = this.#scopes.rewritten(head.name) ?? head.name;
  }

  #checkOperator(call: Call): void {
    const head = call.operator.terms[0];
    if (head?.kind !== 'var') return;
    const name = this.#scopes.rewritten(head.name);
    if (name === undefined || name === head.name) return;
    this.#fail(call, `called function ${operatorName(call.operator) ?? head.name} shadowed`);
  }

  #modifier(modifier: With): void {
    const { target } = modifier;
    // `with input as …` means the document even where a local is named input.
    for (const part of target.kind === 'ref' ? target.terms.slice(1) : []) this.#term(part);
    if (isRootDocument(modifier.value)) modifier.value = this.#shadowed(modifier.value) ?? modifier.value;
    this.#term(modifier.value);
  }

  /** The local variable that `input` or `data` is here, if it is one. */
  #shadowed(term: Term): Term | undefined {
    return isRootDocument(term) ? this.#localRoot((term as Ref).terms[0] as Var) : undefined;
  }

  #localRoot(root: Var): Var | undefined {
    const local = this.#scopes.find(root.name);
    return local === undefined || local.occurrence === 'seen'
      ? undefined
      : { ...root, name: local.rewritten };
  }

  #terms(terms: Term[], from = 0): void {
    for (let index = from; index < terms.length; index++) {
      const term = terms[index] as Term;
      const local = this.#shadowed(term);
      if (local !== undefined) terms[index] = local;
      else this.#term(term);
    }
  }

  #term(term: Term): void {
    switch (term.kind) {
      case 'var': {
        const name = this.#scopes.rewritten(term.name);
        if (name !== undefined) {
          this.#scopes.see(term.name);
          term.name = name;
        } else if (this.#scopes.occurrence(term.name) === undefined)
          this.#insert(term.name, term.name, 'seen');
        return;
      }
      case 'ref': {
        const head = term.terms[0] as Term;
        if (head.kind === 'var' && (head.name === 'input' || head.name === 'data')) {
          const local = this.#localRoot(head);
          if (local !== undefined) term.terms[0] = local;
        } else this.#term(head);
        this.#terms(term.terms, 1);
        return;
      }
      case 'call':
        this.#checkOperator(term);
        this.#terms(term.args);
        return;
      case 'array':
      case 'set':
        this.#terms(term.items);
        return;
      case 'object':
        for (const pair of term.pairs) this.#terms(pair);
        return;
      case 'arrayComprehension':
      case 'setComprehension': {
        const used = varsOf([term.term]);
        this.#scopes.enter();
        term.body = this.#body(term.body, used);
        term.term = this.#shadowed(term.term) ?? term.term;
        this.#term(term.term);
        this.#scopes.leave();
        return;
      }
      case 'objectComprehension': {
        const used = varsOf([term.key, term.value]);
        this.#scopes.enter();
        term.body = this.#body(term.body, used);
        term.key = this.#shadowed(term.key) ?? term.key;
        term.value = this.#shadowed(term.value) ?? term.value;
        this.#term(term.key);
        this.#term(term.value);
        this.#scopes.leave();
        return;
      }
      case 'templateString':
        for (const part of term.parts) {
          if (part.kind !== 'expr') continue;
          this.#scopes.enter();
          this.#expr(part);
          this.#scopes.leave();
        }
        return;
      default:
    }
  }

  #declare(
    name: string,
    occurrence: 'assigned' | 'declared',
    node: { location: Expr['location'] },
    at = node,
  ): string {
    switch (this.#scopes.occurrence(name)) {
      case 'seen':
        this.#fail(at, `var ${name} referenced above`);
        return name;
      case 'assigned':
        this.#fail(at, `var ${name} assigned above`);
        return name;
      case 'declared':
        this.#fail(at, `var ${name} declared above`);
        return name;
      case 'argument':
        this.#fail(at, `arg ${name} redeclared`);
        return name;
      default: {
        const fresh = this.#context.freshVar();
        this.#insert(name, fresh, occurrence);
        return fresh;
      }
    }
  }

  #fail(node: { location: Expr['location'] }, message: string): void {
    this.#failed = true;
    this.#context.report('rego_compile_error', node.location, message);
  }

  #insert(name: string, rewritten: string, occurrence: Occurrence): void {
    this.#scopes.insert(name, rewritten, occurrence);
    if (name !== rewritten) this.#context.rewritten.set(rewritten, name);
  }

  #reportUnused(body: Body, rewritten: Body, used: ReadonlySet<string>): void {
    const unused: Record<'assigned' | 'declared', string[]> = { assigned: [], declared: [] };
    let present: Set<string> | undefined;
    for (const [name, { occurrence, rewritten: fresh, count }] of this.#scopes.variables) {
      if (count > 1 || used.has(name) || used.has(fresh) || isGenerated(name)) continue;
      if (occurrence === 'assigned' && this.#context.strict) unused.assigned.push(name);
      else if (occurrence === 'declared') {
        present ??= varsOf(rewritten);
        if (!present.has(fresh)) unused.declared.push(name);
      }
    }
    // One mistake at a time: those of one kind, in one body.
    const how = unused.assigned.length > 0 ? 'assigned' : 'declared';
    for (const name of unused[how]) {
      this.#failed = true;
      if (this.#context.full) break;
      this.#unused(body, rewritten, name, this.#scopes.rewritten(name) as string, how);
    }
  }

  #unused(body: Body, rewritten: Body, name: string, fresh: string, how: 'assigned' | 'declared'): void {
    const declaring =
      how === 'declared'
        ? body.find((expr) => declaredVars([expr]).has(name))
        : rewritten.find((expr) => varsOf([expr]).has(fresh));
    const at = declaring ?? (body[0] as Expr);
    this.#context.report('rego_compile_error', at.location, `${how} var ${name} unused`);
  }
}
