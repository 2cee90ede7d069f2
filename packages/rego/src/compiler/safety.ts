import type { Body, Expr, Location, Rule, Term } from '../ast/types.ts';
import { spend } from '../budget.ts';
import type { CompilerContext } from './context.ts';
import { isSubset, outputsOf, outputsOfEquality } from './outputs.ts';
import { type CompiledRule, mayHaveClosures } from './rule-tree.ts';
import { callOf, headTerms, isComprehension, isEquality, walk } from './tree.ts';
import { addVars, SAFETY_VARS, type VarOptions, varsOf } from './vars.ts';

const FUTURE_KEYWORDS = new Set(['in', 'every', 'contains', 'if', 'not', 'and', 'or']);

type Unsafe = Map<Expr, Set<string>>;

/** The variables inside the closures of the expressions that have any. */
type Closures = ReadonlyMap<Expr, ReadonlySet<string>>;

const NO_CLOSURES: Closures = new Map();
const NONE: ReadonlySet<string> = new Set();

/** Brings expressions into an order in which every variable is bound before it is needed, or says which cannot be. */
export class SafetyCheck {
  readonly #context: CompilerContext;
  readonly #options: VarOptions;
  #where: () => string = () => '';
  /** Whether what is checked may have comprehensions and bodies within expressions. */
  #hasClosures = true;

  constructor(context: CompilerContext) {
    this.#context = context;
    this.#options = { ...SAFETY_VARS, custom: (expr, into) => this.#implicitBodies(expr, into) };
  }

  /** `where` names the rule in messages when its line alone does not (` in rule p`). */
  rule(rule: CompiledRule, where: () => string): void {
    this.#where = where;
    this.#hasClosures = mayHaveClosures(rule);
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
      this.#head(branch);
      branch.body = this.body(branch.body, varsOf(branch.head.args ?? []));
    }
  }

  body(body: Body, safe: ReadonlySet<string>): Body {
    const { reordered, unsafe } = this.#reorder(safe, body);
    if (unsafe.size === 0) return reordered;
    const before = this.#report(unsafe);
    return before ? body : reordered;
  }

  /** Variables of the head must occur in the body or in the parameters. */
  #head(rule: Rule): void {
    const { head } = rule;
    const terms = headTerms(head);
    if (terms.length === 0) return;
    const bound = varsOf(rule.body, SAFETY_VARS, varsOf(head.args ?? []));
    const seen = new Set<string>();
    for (const term of terms) {
      walk(term, (node) => {
        if (node.kind === 'with') return false;
        if (isComprehension(node)) return true;
        if (node.kind !== 'var' || bound.has(node.name) || node.name === 'input' || node.name === 'data')
          return false;
        const name = this.#context.original(node.name);
        if (!name.startsWith('__local') && !seen.has(name)) {
          this.#context.report(
            'rego_unsafe_var_error',
            node.location,
            `var ${display(name)} is unsafe${this.#where()}`,
          );
        }
        seen.add(name);
        return false;
      });
    }
  }

  #reorder(globals: ReadonlySet<string>, body: Body): { reordered: Body; unsafe: Unsafe } {
    const safe = new Set<string>();
    const unsafe: Unsafe = new Map();
    for (let index = 0; index < body.length; index++) {
      const expr = body[index] as Expr;
      const missing = varsOf([expr], this.#options);
      if (globals.size > 0) {
        for (const name of missing) {
          if (!globals.has(name)) continue;
          safe.add(name);
          missing.delete(name);
        }
      }
      if (missing.size > 0) unsafe.set(expr, missing);
    }
    const closures = this.#hasClosures ? closuresOf(body) : NO_CLOSURES;
    const bodyVars = new Set<string>();
    if (closures.size > 0)
      for (const missing of unsafe.values()) for (const name of missing) bodyVars.add(name);
    const reordered: Expr[] = [];
    /** What closures use of the body and is not bound yet. */
    const openIn = (inside: ReadonlySet<string>): string[] =>
      [...inside].filter((name) => bodyVars.has(name) && !globals.has(name) && !safe.has(name));
    // Only where an expression has to wait for others is there anything to look at again.
    let waiting: Waiting | undefined;
    for (let before = -1; before !== reordered.length && reordered.length < body.length; ) {
      before = reordered.length;
      for (let index = 0; index < body.length; index++) {
        const expr = body[index] as Expr;
        spend();
        if (waiting !== undefined && !waiting.take(expr)) continue;
        const inside = closures.get(expr);
        const outputs = this.#placed(expr, safe, unsafe, inside === undefined ? [] : openIn(inside));
        if (outputs === undefined) {
          waiting ??= new Waiting(body.slice(index + 1), reordered, closures, unsafe);
          continue;
        }
        reordered.push(expr);
        waiting?.done(expr);
        for (const name of outputs) {
          safe.add(name);
          waiting?.bound(name);
        }
      }
    }
    if (closures.size > 0) this.#closures(reordered, closures, globals, unsafe);
    return { reordered, unsafe };
  }

  /** What an expression binds where all is bound that it needs; undefined where it has to wait. */
  #placed(
    expr: Expr,
    safe: ReadonlySet<string>,
    unsafe: Unsafe,
    open: readonly string[],
  ): ReadonlySet<string> | undefined {
    const needed = unsafe.get(expr);
    if (open.length === 0 && (needed === undefined || isSubset(needed, safe))) {
      unsafe.delete(expr);
      return NONE;
    }
    const outputs = outputsOf(expr, safe, this.#context);
    if (open.length > 0) {
      if (open.length === outputs.size && open.every((name) => outputs.has(name))) return undefined;
      // OPA forgets here what else the expression misses, and lets some unbound variables pass.
      for (const name of open) addUnsafe(unsafe, expr, name);
    }
    const missing = unsafe.get(expr);
    if (missing === undefined) return outputs;
    for (const name of missing) if (outputs.has(name) || safe.has(name)) missing.delete(name);
    if (missing.size > 0) return undefined;
    unsafe.delete(expr);
    return outputs;
  }

  #closures(body: Body, closures: Closures, globals: ReadonlySet<string>, unsafe: Unsafe): void {
    const known = new Set(globals);
    for (const [index, current] of body.entries()) {
      if (index > 0) addVars(body[index - 1] as Expr, this.#options, known);
      if (!closures.has(current)) continue;
      const inner = (nested: Body, terms: readonly Term[], extra: readonly string[] = []): Body => {
        for (const name of extra) known.add(name);
        const bound = varsOf(nested, this.#options);
        for (const name of varsOf(terms))
          if (!bound.has(name) && !known.has(name)) addUnsafe(unsafe, current, name);
        const result = this.#reorder(known, nested);
        if (result.unsafe.size === 0) return result.reordered;
        for (const [expr, names] of result.unsafe) for (const name of names) addUnsafe(unsafe, expr, name);
        return nested;
      };
      walk(current, (node) => {
        if (node.kind === 'with') return false;
        switch (node.kind) {
          case 'arrayComprehension':
          case 'setComprehension':
            node.body = inner(node.body, [node.term]);
            return true;
          case 'objectComprehension':
            node.body = inner(node.body, [node.key, node.value]);
            return true;
          case 'expr': {
            const terms = node.terms;
            if (terms.kind === 'every') {
              terms.body = inner(terms.body, [], [terms.value.name, ...(terms.key ? [terms.key.name] : [])]);
              return true;
            }
            if (terms.kind === 'not') {
              terms.body = inner(terms.body, []);
              return true;
            }
            if (terms.kind === 'logicalAnd' || terms.kind === 'logicalOr') {
              terms.lhs = inner(terms.lhs, []);
              terms.rhs = inner(terms.rhs, []);
              return true;
            }
            return false;
          }
          default:
            return false;
        }
      });
    }
  }

  /** Variables that a body written without braces takes from outside count as the expression's own. */
  #implicitBodies({ terms }: Expr, into: Set<string>): boolean {
    if (terms.kind === 'not') {
      if (!terms.explicitBody) this.#promote(terms.body, into);
    } else if (terms.kind === 'logicalAnd' || terms.kind === 'logicalOr') {
      if (!terms.explicitLhs) this.#promote(terms.lhs, into);
      if (!terms.explicitRhs) this.#promote(terms.rhs, into);
    } else return false;
    return true;
  }

  #promote(body: Body, into: Set<string>): void {
    for (const name of this.#openVars(body)) if (name !== 'input' && name !== 'data') into.add(name);
  }

  #openVars(body: Body): Set<string> {
    const uses = new Map<string, number>();
    for (const expr of body)
      for (const name of varsOf([expr], SAFETY_VARS)) uses.set(name, (uses.get(name) ?? 0) + 1);
    if (body.length === 1) return new Set(uses.keys());
    const bound = new Set<string>();
    for (const expr of body) {
      const call = callOf(expr);
      if (call === undefined) continue;
      if (isEquality(expr)) {
        for (const name of outputsOfEquality(expr, new Set())) bound.add(name);
        continue;
      }
      const arity = this.#context.arity(call.operator);
      if (arity < 0 || arity >= call.args.length) continue;
      const options = { skipClosures: true, skipSets: true, skipObjectKeys: true, skipRefHead: true };
      varsOf(call.args.slice(arity), options, bound);
    }
    return new Set(
      [...uses].filter(([name, count]) => !bound.has(name) || count === 1).map(([name]) => name),
    );
  }

  /** True when something was reported. */
  #report(unsafe: Unsafe): boolean {
    const named = new Map<string, Location>();
    for (const [expr, names] of unsafe) {
      for (const name of names) {
        const original = this.#context.original(name);
        if (original.startsWith('__local')) continue;
        const { location } = expr;
        const known = named.get(original);
        if (known === undefined || before(location, known)) named.set(original, location);
      }
    }
    for (const [name, location] of [...named].sort((a, b) => (before(a[1], b[1]) ? -1 : 1))) {
      const hint = FUTURE_KEYWORDS.has(name)
        ? ` (hint: \`import future.keywords.${name}\` to import a future keyword)`
        : '';
      this.#context.report(
        'rego_unsafe_var_error',
        location,
        `var ${display(name)} is unsafe${this.#where()}${hint}`,
      );
    }
    if (named.size > 0) return true;
    const seen = new Set<string>();
    for (const [expr, names] of [...unsafe].sort((a, b) => (before(a[0].location, b[0].location) ? -1 : 1))) {
      const fresh = [...names].filter((name) => !seen.has(name));
      if (fresh.length === 0) continue;
      for (const name of fresh) seen.add(name);
      this.#context.report('rego_unsafe_var_error', expr.location, `expression is unsafe${this.#where()}`);
    }
    return true;
  }
}

/**
 * Which expressions of a body to look at: each once, and again when one of its variables has been bound since. Bodies in
 * the worst order would otherwise cost the square of their length, and more.
 */
class Waiting {
  readonly #due: Set<Expr>;
  readonly #users = new Map<string, Expr[]>();
  readonly #done: Set<Expr>;

  constructor(due: Body, done: Body, closures: Closures, missing: Unsafe) {
    this.#due = new Set(due);
    this.#done = new Set(done);
    for (const names of [closures, missing]) {
      for (const [expr, vars] of names) {
        for (const name of vars) {
          const users = this.#users.get(name);
          if (users === undefined) this.#users.set(name, [expr]);
          else users.push(expr);
        }
      }
    }
  }

  /** Whether there is something new about the expression. */
  take(expr: Expr): boolean {
    return this.#due.delete(expr);
  }

  done(expr: Expr): void {
    this.#done.add(expr);
  }

  bound(name: string): void {
    const users = this.#users.get(name);
    if (users === undefined) return;
    this.#users.delete(name);
    for (const expr of users) if (!this.#done.has(expr)) this.#due.add(expr);
  }
}

function display(name: string): string {
  return name.startsWith('$') ? '_' : name;
}

function before(a: Location, b: Location): boolean {
  if (a.file !== b.file) return a.file < b.file;
  return a.row < b.row || (a.row === b.row && a.col < b.col);
}

function addUnsafe(unsafe: Unsafe, expr: Expr, name: string): void {
  const known = unsafe.get(expr);
  if (known === undefined) unsafe.set(expr, new Set([name]));
  else known.add(name);
}

function closuresOf(body: Body): Closures {
  const closures = new Map<Expr, ReadonlySet<string>>();
  for (const expr of body) {
    const vars = closureVars(expr);
    if (vars !== undefined) closures.set(expr, vars);
  }
  return closures;
}

/** Variables inside the comprehensions and nested bodies of an expression; undefined when there are none. */
function closureVars(expr: Expr): ReadonlySet<string> | undefined {
  let vars = undefined as Set<string> | undefined;
  walk(expr, (node) => {
    if (node.kind === 'with') return false;
    if (isComprehension(node) || node.kind === 'templateString') {
      vars = varsOf([node as Term], {}, vars);
      return true;
    }
    if (node.kind !== 'expr') return false;
    const terms = node.terms;
    if (terms.kind === 'every') {
      vars = varsOf(terms.body, {}, vars);
      return true;
    }
    if (terms.kind === 'not') {
      vars = varsOf(terms.body, {}, vars);
      return true;
    }
    if (terms.kind === 'logicalAnd' || terms.kind === 'logicalOr') {
      vars = varsOf([...terms.lhs, ...terms.rhs], {}, vars);
      return true;
    }
    return false;
  });
  return vars?.size === 0 ? undefined : vars;
}
