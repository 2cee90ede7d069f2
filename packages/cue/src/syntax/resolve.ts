import { predeclared, unknown } from '../builtins/predeclared.ts';
import { nameOf } from '../values/label.ts';
import type {
  Clause,
  Comprehension,
  Declaration,
  Expression,
  File,
  Identifier,
  StructLiteral,
  Target,
} from './ast.ts';
import { References } from './references.ts';
import { malformed, type Place, unsupported } from './source.ts';

interface Name {
  readonly target:
    | { readonly kind: 'field'; readonly label: string }
    | { readonly kind: 'itself' }
    | { readonly kind: 'binding' };
  /** What CUE refuses where nothing refers to it: lets and aliases. */
  readonly mustBeUsed: Place | null;
  used: boolean;
}

/** One environment of the evaluation. */
type Scope = Map<string, Name>;

/** A field, or a `let`, whose value the place is in. */
interface Around {
  /** The number of scopes outside of it. */
  readonly scopes: number;
  readonly label: string | null;
  readonly name: Name | undefined;
  /** The value, where it is one only where something else has such a field. */
  readonly optional: Expression | null;
}

/**
 * Finds what each name of the files refers to, by lexical scope. The files are one package: what one declares at its
 * top, the others see.
 *
 * @returns the values of optional fields that make something of what they are part of
 * @throws cue_syntax_error for names that lead nowhere, and for lets, aliases and imports that nothing uses
 */
export function resolveNames(files: readonly File[]): ReadonlySet<Expression> {
  const shared: Scope = new Map();
  for (const { packageName, body } of files) {
    if (packageName === null && files.length > 1) continue;
    for (const declaration of body.declarations)
      if (declaration.type === 'field') declareField(shared, declaration);
  }
  const references = new References<Name>();
  for (const file of files) new Resolver(file, shared, references).run();
  return new Set(references.optionalCycles());
}

function declareField(scope: Scope, { label, named }: Declaration & { type: 'field' }): void {
  if (label.kind !== 'name' || !named) return;
  scope.set(nameOf(label.label), {
    target: { kind: 'field', label: label.label },
    mustBeUsed: null,
    used: true,
  });
}

class Resolver {
  readonly #file: File;
  readonly #shared: Scope;
  readonly #scopes: Scope[] = [];
  readonly #references: References<Name>;
  readonly #inside: Around[] = [];
  /** The number of expressions around the place that make something of their operands. */
  #operands = 0;
  readonly #imports = new Map<string, { path: string; used: boolean }>();

  constructor(file: File, shared: Scope, references: References<Name>) {
    this.#file = file;
    this.#shared = shared;
    this.#references = references;
  }

  run(): void {
    for (const { name, path, ...place } of this.#file.imports) {
      if (this.#imports.has(name)) throw malformed(place, `${name} is imported twice`);
      this.#imports.set(name, { path, used: false });
    }
    this.#struct(this.#file.body, this.#shared);
    for (const { name, ...place } of this.#file.imports)
      if (!this.#imports.get(name)!.used) throw malformed(place, `${name} is imported and not used`);
  }

  #struct({ declarations, alias }: StructLiteral, outer: Scope = new Map()): void {
    const scope: Scope = new Map(outer);
    for (const declaration of declarations)
      if (declaration.type === 'field') declareField(scope, declaration);
    for (const declaration of declarations) this.#declareAlias(scope, declaration);
    if (alias !== undefined) {
      if (scope.has(alias.name))
        throw unsupported(alias, `an alias ${alias.name} beside a field of that name`);
      const name: Name = { target: { kind: 'itself' }, mustBeUsed: alias, used: false };
      scope.set(alias.name, name);
      for (const around of this.#inside)
        if (around.name !== undefined) this.#references.add(name, around.name, []);
    }
    this.#within(scope, () => {
      for (const declaration of declarations) this.#declaration(declaration);
    });
  }

  #declareAlias(scope: Scope, declaration: Declaration): void {
    const add = (name: string, label: string) => {
      if (scope.has(name)) throw malformed(declaration, `${name} is declared twice`);
      scope.set(name, { target: { kind: 'field', label }, mustBeUsed: declaration, used: false });
    };
    if (declaration.type === 'let') add(declaration.name, declaration.label);
    if (declaration.type === 'field' && declaration.alias !== null && declaration.label.kind === 'name') {
      add(declaration.alias, declaration.label.label);
      const named = declaration.named ? scope.get(nameOf(declaration.label.label)) : undefined;
      if (named !== undefined) this.#references.add(scope.get(declaration.alias)!, named, []);
    }
  }

  #within(scope: Scope, visit: () => void): void {
    this.#scopes.push(scope);
    visit();
    this.#scopes.pop();
    for (const [name, { mustBeUsed, used }] of scope)
      if (mustBeUsed !== null && !used) throw malformed(mustBeUsed, `nothing refers to ${name}`);
  }

  #declaration(declaration: Declaration): void {
    switch (declaration.type) {
      case 'ellipsis':
        return;
      case 'let':
        this.#value(declaration.label, declaration.name, false, declaration.value);
        return;
      case 'embedding':
        this.#expression(declaration.expression);
        return;
      case 'comprehension':
        this.#comprehension(declaration, declaration.clauses);
        return;
      case 'field': {
        const { label, value, named, alias, presence } = declaration;
        if (label.kind === 'name') {
          this.#value(label.label, named ? nameOf(label.label) : alias, presence !== 'member', value);
          return;
        }
        this.#operand(label.expression);
        const visit = () => this.#value(null, null, label.kind === 'pattern', value);
        if (label.kind === 'dynamic' || label.alias === null) visit();
        else this.#within(this.#binding(label.alias), visit);
      }
    }
  }

  #value(label: string | null, name: string | null, optional: boolean, value: Expression): void {
    const declared = name === null ? undefined : this.#scopes.at(-1)!.get(name);
    this.#inside.push({
      scopes: this.#scopes.length,
      label,
      name: declared,
      optional: optional ? value : null,
    });
    this.#expression(value);
    this.#inside.pop();
  }

  #binding(name: string, mustBeUsed: Place | null = null): Scope {
    return new Map([[name, { target: { kind: 'binding' }, mustBeUsed, used: false }]]);
  }

  #comprehension(comprehension: Comprehension, [first, ...rest]: readonly Clause[]): void {
    if (first === undefined) {
      this.#struct(comprehension.body);
      return;
    }
    const more = () => this.#comprehension(comprehension, rest);
    if (first.type === 'if') {
      this.#operand(first.condition);
      more();
      return;
    }
    if (first.type === 'let') {
      this.#operand(first.value);
      this.#within(this.#binding(first.name, first), more);
      return;
    }
    this.#operand(first.of);
    const scope = this.#binding(first.value);
    if (first.key !== null)
      scope.set(first.key, { target: { kind: 'binding' }, mustBeUsed: null, used: false });
    this.#within(scope, more);
  }

  #operand(expression: Expression): void {
    this.#operands++;
    this.#expression(expression);
    this.#operands--;
  }

  #expression(expression: Expression): void {
    switch (expression.type) {
      case 'scalar':
      case 'bottom':
        return;
      case 'identifier':
        expression.target = this.#target(expression);
        return;
      case 'interpolation':
        for (const part of expression.parts) if (typeof part !== 'string') this.#operand(part);
        return;
      case 'struct':
        this.#struct(expression);
        return;
      case 'list':
        for (const element of expression.elements) {
          if (element.type === 'comprehension') this.#comprehension(element, element.clauses);
          else this.#expression(element);
        }
        if (expression.rest !== null && expression.rest !== true) this.#expression(expression.rest);
        return;
      case 'selector':
        this.#operand(expression.of);
        return;
      case 'index':
        this.#operand(expression.of);
        this.#operand(expression.index);
        return;
      case 'slice':
        this.#operand(expression.of);
        if (expression.low !== null) this.#operand(expression.low);
        if (expression.high !== null) this.#operand(expression.high);
        return;
      case 'call':
        this.#operand(expression.of);
        for (const argument of expression.args) this.#operand(argument);
        return;
      case 'unary':
        this.#operand(expression.operand);
        return;
      case 'binary':
        if (expression.operator === '&') {
          this.#expression(expression.left);
          this.#expression(expression.right);
          return;
        }
        this.#operand(expression.left);
        this.#operand(expression.right);
        if (expression.right.type === 'bottom') this.#notItself(expression.left);
        if (expression.left.type === 'bottom') this.#notItself(expression.right);
        return;
      case 'disjunction':
        for (const { expression: choice } of expression.choices) this.#expression(choice);
    }
  }

  /** Whether a value is an error cannot be asked within it: CUE may change its mind. */
  #notItself(expression: Expression): void {
    if (expression.type !== 'identifier' || expression.target?.kind !== 'field') return;
    const { up, label } = expression.target;
    const scopes = this.#scopes.length - up;
    if (this.#inside.some((field) => field.scopes === scopes && field.label === label))
      throw unsupported(expression, 'a comparison of a value with _|_ within itself');
  }

  #target(identifier: Identifier): Target {
    const { name } = identifier;
    for (let up = 0; up < this.#scopes.length; up++) {
      const found = this.#scopes.at(-1 - up)!.get(name);
      if (found === undefined) continue;
      found.used = true;
      const optional = this.#inside.flatMap(({ optional }) => (optional === null ? [] : [optional]));
      for (const around of this.#inside)
        if (around.name !== undefined) this.#references.add(around.name, found, optional, this.#operands > 0);
      if (found.target.kind !== 'binding') return { ...found.target, up };
      return { kind: 'binding', up, name };
    }
    const imported = this.#imports.get(name);
    if (imported !== undefined) {
      imported.used = true;
      return { kind: 'package', path: imported.path };
    }
    if (predeclared.has(name)) return { kind: 'predeclared', name };
    if (name.startsWith('__') || unknown.has(name)) throw unsupported(identifier, name);
    throw malformed(identifier, `nothing is called ${name}`);
  }
}
