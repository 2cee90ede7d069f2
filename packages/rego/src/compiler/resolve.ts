import type { Body, Call, Expr, Import, Module, Ref, Rule, Term } from '../ast/types.ts';
import { uniquePairs } from '../ast/unique.ts';
import type { CompilerContext } from './context.ts';
import { cloneTerm, isComprehension, isRootDocument, isRootRef, operatorName, walk } from './tree.ts';
import { declaredVars, type VarOptions, varsOf } from './vars.ts';

const PARAMETERS: VarOptions = { skipObjectKeys: true, skipClosures: true, skipSets: true };

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

/** What of the language a rule uses: stages that deal with nothing else pass over the other rules. */
export interface Uses {
  /** `with` */
  modifiers: boolean;
  /** Comprehensions; template strings and `print` become some. */
  comprehensions: boolean;
  /** Bodies within expressions: of `every`, `not`, `and` and `or`. */
  bodies: boolean;
  /** Refs from `data` on, written or made of names of rules and imports. */
  documents: boolean;
  /** Template strings, and functions that are more than calls: `print`, `rego.metadata`, those without a result. */
  templates: boolean;
  /** Functions that v1 did away with. */
  deprecated: boolean;
  /** `input := …` and `data := …` */
  rootAssignments: boolean;
  /** Variables that are named like built-in functions. */
  builtinNames: boolean;
}

/**
 * Copies syntax trees, so that later stages may change them, and on the way replaces imported names and names of
 * rules by refs from `data` or `input` on (stage ResolveRefs).
 */
export class Resolver {
  readonly #globals: Globals;
  readonly #context: CompilerContext;
  readonly #ignored: ReadonlySet<string>[] = [];
  /** What was met since this object was made. */
  readonly uses: Uses = {
    modifiers: false,
    comprehensions: false,
    bodies: false,
    documents: false,
    templates: false,
    deprecated: false,
    rootAssignments: false,
    builtinNames: false,
  };

  constructor(globals: Globals, context: CompilerContext) {
    this.#globals = globals;
    this.#context = context;
  }

  rule(rule: Rule): Rule {
    const { head } = rule;
    const args = head.args ?? [];
    for (const arg of args) {
      walk(arg, (node) => {
        if (node.kind === 'with') return false;
        if (node.kind === 'templateString') this.uses.templates = true;
        else if (isComprehension(node)) this.uses.comprehensions = true;
        else if (node.kind === 'ref' && isRootRef(node, 'data')) this.uses.documents = true;
        if (node.kind === 'ref' && isRootDocument(node)) {
          const name = (node.terms[0] as { name: string }).name;
          this.#context.report(
            'rego_compile_error',
            rule.location,
            `args must not shadow ${name} (use a different variable name)`,
          );
        }
        return false;
      });
    }
    const locals = declaredVars(rule.body);
    varsOf(args, PARAMETERS, locals);
    this.#ignored.push(locals);
    const value = head.value === undefined ? undefined : this.term(head.value);
    const copy: Rule = {
      ...rule,
      head: {
        ...head,
        ref: head.ref.map((term, index) => (index === 0 ? { ...term } : this.term(term))),
        args: head.args?.map(cloneTerm),
        // The key of `p[x] = y` stands in the ref already.
        key: head.key === undefined || value !== undefined ? undefined : this.term(head.key),
        value,
      },
      body: this.#body(rule.body),
    };
    this.#ignored.pop();
    if (rule.else !== undefined) copy.else = this.rule(rule.else);
    return copy;
  }

  /** A body of a query: its own declarations hide names for all of it. */
  query(body: Body): Body {
    this.#ignored.push(declaredVars(body));
    const resolved = this.#body(body);
    this.#ignored.pop();
    return resolved;
  }

  #body(body: Body): Body {
    return body.map((expr) => this.#expr(expr));
  }

  #expr(expr: Expr): Expr {
    return { ...expr, terms: this.#statement(expr.terms), with: this.#modifiers(expr.with) };
  }

  #modifiers(modifiers: Expr['with']): Expr['with'] {
    if (modifiers.length === 0) return [];
    this.uses.modifiers = true;
    return modifiers.map((modifier) => ({
      ...modifier,
      target: this.term(modifier.target) as Ref,
      value: this.term(modifier.value),
    }));
  }

  #statement(terms: Expr['terms']): Expr['terms'] {
    switch (terms.kind) {
      case 'some': {
        const resolve = terms.symbols[0]?.kind === 'call';
        return {
          ...terms,
          symbols: terms.symbols.map((symbol) => (resolve ? this.term(symbol) : cloneTerm(symbol))),
        };
      }
      case 'every': {
        this.uses.bodies = true;
        const locals = new Set([terms.value.name]);
        if (terms.key !== undefined) locals.add(terms.key.name);
        this.#ignored.push(locals);
        const copy: Expr['terms'] = {
          ...terms,
          key: terms.key === undefined ? undefined : { ...terms.key },
          value: { ...terms.value },
          domain: this.term(terms.domain),
          body: this.#body(terms.body),
        };
        this.#ignored.pop();
        return copy;
      }
      case 'not':
        this.uses.bodies = true;
        return { ...terms, body: this.#body(terms.body) };
      case 'logicalAnd':
      case 'logicalOr':
        this.uses.bodies = true;
        return { ...terms, lhs: this.#body(terms.lhs), rhs: this.#body(terms.rhs) };
      default:
        return this.term(terms);
    }
  }

  #lookup(name: string): Global | undefined {
    const global = this.#globals.get(name);
    if (global === undefined) return undefined;
    for (const names of this.#ignored) if (names.has(name)) return undefined;
    global.used = true;
    return global;
  }

  term(term: Term): Term {
    switch (term.kind) {
      case 'var': {
        const global = this.#lookup(term.name);
        if (global === undefined) {
          this.#noteName(term.name);
          return { ...term };
        }
        return { kind: 'ref', terms: this.#rooted(this.#at(global, term)), location: term.location };
      }
      case 'ref': {
        const head = term.terms[0];
        if (head?.kind === 'var') this.#noteName(head.name);
        return this.#ref(term);
      }
      case 'call':
        this.#note(term);
        return { ...term, operator: this.#ref(term.operator), args: this.#terms(term.args) };
      case 'array':
      case 'set':
        return { ...term, items: this.#terms(term.items) };
      case 'object':
        return {
          ...term,
          pairs: uniquePairs(term.pairs).map(([key, value]) => [this.term(key), this.term(value)]),
        };
      case 'arrayComprehension':
      case 'setComprehension': {
        this.uses.comprehensions = true;
        this.#ignored.push(declaredVars(term.body));
        const resolved: Term = { ...term, term: this.term(term.term), body: this.#body(term.body) };
        this.#ignored.pop();
        return resolved;
      }
      case 'objectComprehension': {
        this.uses.comprehensions = true;
        this.#ignored.push(declaredVars(term.body));
        const resolved: Term = {
          ...term,
          key: this.term(term.key),
          value: this.term(term.value),
          body: this.#body(term.body),
        };
        this.#ignored.pop();
        return resolved;
      }
      case 'templateString':
        this.uses.templates = true;
        return {
          ...term,
          parts: term.parts.map((part) => (part.kind === 'expr' ? this.#expr(part) : part)),
        };
      default:
        return term;
    }
  }

  /** A loop and no `map`, which would put two frames more on the stack for each level of a term. */
  #terms(terms: readonly Term[]): Term[] {
    const resolved = new Array<Term>(terms.length);
    for (let index = 0; index < terms.length; index++) resolved[index] = this.term(terms[index] as Term);
    return resolved;
  }

  #noteName(name: string): void {
    if (this.#context.builtins.has(name)) this.uses.builtinNames = true;
  }

  #note(call: Call): void {
    const name = operatorName(call.operator) ?? '';
    if (name === 'assign') {
      const target = call.args[0];
      if (target !== undefined && isRootDocument(target)) this.uses.rootAssignments = true;
      return;
    }
    const declaration = this.#context.builtins.get(name)?.declaration;
    if (declaration === undefined) return;
    if (declaration.result === undefined || name.startsWith('rego.metadata.')) this.uses.templates = true;
    if (declaration.deprecated === true) this.uses.deprecated = true;
  }

  #ref(ref: Ref): Ref {
    // Arrays that have just the size they need: there are many, and they live as long as the policy.
    const head = ref.terms[0];
    const global = head?.kind === 'var' ? this.#lookup(head.name) : undefined;
    const terms =
      head === undefined || global === undefined
        ? this.#parts(ref.terms)
        : this.#at(global, head).concat(ref.terms.slice(1).map((part) => this.term(part)));
    return { kind: 'ref', terms: this.#rooted(terms), location: ref.location };
  }

  /** The parts of a ref whose head stays what it is. */
  #parts(terms: readonly Term[]): Term[] {
    const resolved = new Array<Term>(terms.length);
    for (let index = 0; index < terms.length; index++) {
      const part = terms[index] as Term;
      resolved[index] = index === 0 && part.kind === 'var' ? { ...part } : this.term(part);
    }
    return resolved;
  }

  #rooted(terms: Term[]): Term[] {
    const head = terms[0];
    if (head?.kind === 'var' && head.name === 'data') this.uses.documents = true;
    return terms;
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
