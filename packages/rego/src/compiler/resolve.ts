import type { Body, Expr, Import, Module, Ref, Rule, Term } from '../ast/types.ts';
import type { CompilerContext } from './context.ts';
import { isRootDocument, isWith, walk } from './tree.ts';
import { declaredVars, varsOf } from './vars.ts';

/** What a name of a module stands for outside it. */
interface Global {
  readonly terms: readonly Term[];
  used: boolean;
}

export type Globals = Map<string, Global>;

/** Names that a module's rules and imports give, in the terms of `data` and `input`. */
export function globalsOf(
  packagePath: readonly Term[],
  exports: Iterable<string>,
  imports: readonly Import[],
): Globals {
  const globals: Globals = new Map();
  for (const name of exports) {
    const location = (packagePath[0] as Term).location;
    globals.set(name, { terms: [...packagePath, { kind: 'string', value: name, location }], used: false });
  }
  for (const imported of imports) {
    const root = imported.path.terms[0];
    if (root?.kind !== 'var' || root.name === 'future' || root.name === 'rego') continue;
    globals.set(importName(imported), { terms: imported.path.terms, used: false });
  }
  return globals;
}

export function importName(imported: Import): string {
  if (imported.alias !== undefined) return imported.alias;
  const last = imported.path.terms.at(-1) as Term;
  return last.kind === 'string' ? last.value : last.kind === 'var' ? last.name : '';
}

/** Replaces imported names and names of rules by refs from `data` or `input` on (stage ResolveRefs). */
export class Resolver {
  readonly #globals: Globals;
  readonly #ignored: Set<string>[] = [];

  constructor(globals: Globals) {
    this.#globals = globals;
  }

  rule(rule: Rule, context: CompilerContext): void {
    const args = rule.head.args ?? [];
    for (const arg of args) {
      walk(arg, (node) => {
        if (!isWith(node) && node.kind === 'ref' && isRootDocument(node)) {
          const name = (node.terms[0] as { name: string }).name;
          context.report(
            'rego_compile_error',
            rule.location,
            `args must not shadow ${name} (use a different variable name)`,
          );
        }
        return false;
      });
    }
    this.#ignored.push(varsOf(args, { skipObjectKeys: true, skipClosures: true, skipSets: true }));
    this.#ignored.push(declaredVars(rule.body));
    const { head } = rule;
    head.ref = head.ref.map((term, index) => (index === 0 ? term : this.term(term)));
    if (head.key !== undefined) head.key = this.term(head.key);
    if (head.value !== undefined) head.value = this.term(head.value);
    rule.body = this.body(rule.body);
    this.#ignored.length -= 2;
    if (rule.else !== undefined) this.rule(rule.else, context);
  }

  body(body: Body): Body {
    for (const expr of body) this.#expr(expr);
    return body;
  }

  /** A body of a query: its own declarations hide names for all of it. */
  query(body: Body): Body {
    this.#ignored.push(declaredVars(body));
    const resolved = this.body(body);
    this.#ignored.pop();
    return resolved;
  }

  #expr(expr: Expr): void {
    const terms = expr.terms;
    switch (terms.kind) {
      case 'some': {
        const call = terms.symbols[0];
        if (call?.kind === 'call') terms.symbols = [this.term(call)];
        break;
      }
      case 'every': {
        const locals = new Set([terms.value.name]);
        if (terms.key !== undefined) locals.add(terms.key.name);
        this.#ignored.push(locals);
        terms.domain = this.term(terms.domain);
        terms.body = this.body(terms.body);
        this.#ignored.pop();
        break;
      }
      case 'not':
        terms.body = this.body(terms.body);
        break;
      case 'logicalAnd':
      case 'logicalOr':
        terms.lhs = this.body(terms.lhs);
        terms.rhs = this.body(terms.rhs);
        break;
      default:
        expr.terms = this.term(terms);
    }
    for (const modifier of expr.with) {
      modifier.target = this.term(modifier.target) as Ref;
      modifier.value = this.term(modifier.value);
    }
  }

  #lookup(name: string): Global | undefined {
    const global = this.#globals.get(name);
    if (global === undefined || this.#ignored.some((names) => names.has(name))) return undefined;
    global.used = true;
    return global;
  }

  term(term: Term): Term {
    switch (term.kind) {
      case 'var': {
        const global = this.#lookup(term.name);
        if (global === undefined) return term;
        return { kind: 'ref', terms: this.#at(global, term), location: term.location };
      }
      case 'ref':
        return this.#ref(term);
      case 'call':
        return { ...term, operator: this.#ref(term.operator), args: term.args.map((arg) => this.term(arg)) };
      case 'array':
      case 'set':
        return { ...term, items: term.items.map((item) => this.term(item)) };
      case 'object':
        return { ...term, pairs: term.pairs.map(([key, value]) => [this.term(key), this.term(value)]) };
      case 'arrayComprehension':
      case 'setComprehension': {
        this.#ignored.push(declaredVars(term.body));
        const resolved: Term = { ...term, term: this.term(term.term), body: this.body(term.body) };
        this.#ignored.pop();
        return resolved;
      }
      case 'objectComprehension': {
        this.#ignored.push(declaredVars(term.body));
        const resolved: Term = {
          ...term,
          key: this.term(term.key),
          value: this.term(term.value),
          body: this.body(term.body),
        };
        this.#ignored.pop();
        return resolved;
      }
      case 'templateString':
        for (const part of term.parts) if (part.kind === 'expr') this.#expr(part);
        return term;
      default:
        return term;
    }
  }

  #ref(ref: Ref): Ref {
    const terms: Term[] = [];
    for (const [index, part] of ref.terms.entries()) {
      const global = part.kind === 'var' ? this.#lookup(part.name) : undefined;
      if (global === undefined) terms.push(part.kind === 'var' ? part : this.term(part));
      else if (index === 0) terms.push(...this.#at(global, part));
      else terms.push({ kind: 'ref', terms: this.#at(global, part), location: part.location });
    }
    return { kind: 'ref', terms, location: ref.location };
  }

  #at(global: Global, term: Term): Term[] {
    return global.terms.map((part) => ({ ...part, location: term.location }));
  }
}

/** Imports that nothing of the module uses; an error in strict mode. */
export function reportUnusedImports(module: Module, globals: Globals, context: CompilerContext): void {
  for (const imported of module.imports) {
    const root = imported.path.terms[0];
    if (root?.kind !== 'var' || root.name === 'future' || root.name === 'rego') continue;
    if (globals.get(importName(imported))?.used === false) {
      const path = imported.path.terms
        .map((term) => (term.kind === 'var' ? term.name : term.kind === 'string' ? term.value : '_'))
        .join('.');
      const alias = imported.alias === undefined ? '' : ` as ${imported.alias}`;
      context.report('rego_compile_error', imported.location, `import ${path}${alias} unused`);
    }
  }
}
