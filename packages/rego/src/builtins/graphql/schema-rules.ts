/** What makes a parsed schema a valid one, by the rules and in the words of gqlparser (GraphQL section 3). */
import { RegoArray, RegoObject, type Value } from '../../values/index.ts';
import { quote } from '../go/quote.ts';
import { GraphqlError } from './lexer.ts';
import { parseSchema } from './schema.ts';

/** The types and directives every schema has (GraphQL sections 3.5, 3.13 and 4). */
const prelude = `
scalar Int scalar Float scalar String scalar Boolean scalar ID
directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
directive @oneOf on INPUT_OBJECT
`;

const introspectionTypes = [
  '__Schema',
  '__Type',
  '__TypeKind',
  '__Field',
  '__InputValue',
  '__EnumValue',
  '__Directive',
  '__DirectiveLocation',
];

const builtinDirectives: ReadonlySet<string> = new Set([
  'include',
  'skip',
  'deprecated',
  'specifiedBy',
  'defer',
  'oneOf',
]);

/** Throws {@link GraphqlError} for the first rule that is broken. */
export function checkSchema(document: RegoObject): void {
  new SchemaRules(document).run();
}

function listOf(parent: RegoObject, name: string): readonly RegoObject[] {
  const list = parent.get(name);
  return list instanceof RegoArray ? list.items.filter((item) => item instanceof RegoObject) : [];
}

function namesOf(parent: RegoObject, name: string): readonly string[] {
  const list = parent.get(name);
  return list instanceof RegoArray ? list.items.filter((item) => typeof item === 'string') : [];
}

function text(parent: RegoObject, name: string): string {
  const value = parent.get(name);
  return typeof value === 'string' ? value : '';
}

function typeOf(parent: RegoObject): RegoObject {
  const type = parent.get('Type');
  return type instanceof RegoObject ? type : new RegoObject();
}

/** A definition with what extensions add to it. */
interface Definition {
  readonly kind: string;
  readonly name: string;
  readonly interfaces: readonly string[];
  readonly fields: readonly RegoObject[];
  readonly members: readonly string[];
  readonly values: readonly RegoObject[];
  readonly directives: readonly RegoObject[];
}

function definitionOf(parts: readonly RegoObject[]): Definition {
  const lists = (name: string) => parts.flatMap((part) => listOf(part, name));
  return {
    kind: text(parts[0]!, 'Kind'),
    name: text(parts[0]!, 'Name'),
    interfaces: parts.flatMap((part) => namesOf(part, 'Interfaces')),
    fields: lists('Fields'),
    members: parts.flatMap((part) => namesOf(part, 'Types')),
    values: lists('EnumValues'),
    directives: lists('Directives'),
  };
}

function broken(message: string): GraphqlError {
  return new GraphqlError(`Error in gqlparser SchemaDocument to Schema conversion: ${message}`);
}

class SchemaRules {
  private readonly document: RegoObject;
  private readonly types = new Map<string, Definition>();
  private readonly own = new Set<string>();
  private readonly directives = new Map<string, RegoObject>();

  constructor(document: RegoObject) {
    this.document = document;
  }

  run(): void {
    this.collect();
    this.entryPoints();
    for (const name of [...this.own].sort()) this.definition(this.types.get(name)!);
    for (const name of [...this.directives.keys()].sort()) {
      const directive = this.directives.get(name)!;
      checkName(name);
      this.arguments(listOf(directive, 'Arguments'), name);
    }
  }

  private collect(): void {
    const base = parseSchema(prelude);
    for (const scalar of listOf(base, 'Definitions'))
      this.types.set(text(scalar, 'Name'), definitionOf([scalar]));
    for (const name of introspectionTypes) {
      this.types.set(name, {
        kind: 'OBJECT',
        name,
        interfaces: [],
        fields: [],
        members: [],
        values: [],
        directives: [],
      });
    }
    const parts = new Map<string, RegoObject[]>();
    for (const definition of listOf(this.document, 'Definitions')) {
      const name = text(definition, 'Name');
      if (this.types.has(name) || parts.has(name)) throw broken(`Cannot redeclare type ${name}.`);
      parts.set(name, [definition]);
    }
    for (const extension of listOf(this.document, 'Extensions')) this.extend(parts, extension);
    for (const [name, list] of parts) {
      this.types.set(name, definitionOf(list));
      this.own.add(name);
    }
    for (const directive of [...listOf(base, 'Directives'), ...listOf(this.document, 'Directives')]) {
      const name = text(directive, 'Name');
      if (this.directives.has(name) && !builtinDirectives.has(name))
        throw broken(`Cannot redeclare directive ${name}.`);
      this.directives.set(name, directive);
    }
  }

  private extend(parts: Map<string, RegoObject[]>, extension: RegoObject): void {
    const name = text(extension, 'Name');
    const kind = text(extension, 'Kind');
    const list = parts.get(name) ?? [];
    const extended = list[0] === undefined ? this.types.get(name)?.kind : text(list[0], 'Kind');
    if (extended !== undefined && extended !== kind) {
      throw broken(`Cannot extend type ${name} because the base type is a ${extended}, not ${kind}.`);
    }
    parts.set(name, [...list, extension]);
  }

  private entryPoints(): void {
    const schemas = listOf(this.document, 'Schema');
    if (schemas.length > 1) {
      throw broken('Cannot have multiple schema entry points, consider schema extensions instead.');
    }
    for (const schema of [...schemas, ...listOf(this.document, 'SchemaExtension')]) {
      for (const entry of listOf(schema, 'OperationTypes')) {
        const type = text(entry, 'Type');
        if (this.types.has(type)) continue;
        throw broken(`Schema root ${text(entry, 'Operation')} refers to a type ${type} that does not exist.`);
      }
      this.uses(listOf(schema, 'Directives'), 'SCHEMA', true);
    }
  }

  private definition(definition: Definition): void {
    const { kind, name } = definition;
    for (const field of definition.fields) {
      checkName(text(field, 'Name'));
      this.known(typeOf(field));
      this.arguments(listOf(field, 'Arguments'));
      this.uses(
        listOf(field, 'Directives'),
        kind === 'INPUT_OBJECT' ? 'INPUT_FIELD_DEFINITION' : 'FIELD_DEFINITION',
        true,
      );
    }
    for (const member of definition.members) {
      const type = this.types.get(member);
      if (type === undefined) throw broken(`Undefined type ${quote(member)}.`);
      if (type.kind !== 'OBJECT') throw broken(`${kind} type ${quote(member)} must be OBJECT.`);
    }
    for (const implemented of definition.interfaces) this.implementation(definition, implemented);
    if (kind === 'OBJECT' || kind === 'INTERFACE') {
      if (definition.fields.length === 0) throw broken(`${kind} ${name}: must define one or more fields.`);
      this.fieldKinds(definition, ['SCALAR', 'OBJECT', 'INTERFACE', 'UNION', 'ENUM']);
    } else if (kind === 'ENUM') this.enumValues(definition);
    else if (kind === 'INPUT_OBJECT') {
      if (definition.fields.length === 0)
        throw broken(`${kind} ${name}: must define one or more input fields.`);
      this.fieldKinds(definition, ['SCALAR', 'ENUM', 'INPUT_OBJECT']);
    }
    this.unique(definition);
    checkName(name);
    this.uses(definition.directives, kind, false);
  }

  private fieldKinds(definition: Definition, allowed: readonly string[]): void {
    for (const field of definition.fields) {
      const type = this.types.get(namedType(typeOf(field)));
      if (type === undefined || allowed.includes(type.kind)) continue;
      const input = definition.kind === 'INPUT_OBJECT';
      const subject = input ? `${type.kind} ${text(field, 'Name')}` : `${definition.kind} ${definition.name}`;
      throw broken(`${subject}: field must be one of ${allowed.join(', ')}.`);
    }
  }

  private enumValues({ kind, name, values }: Definition): void {
    if (values.length === 0) throw broken(`${kind} ${name}: must define one or more unique enum values.`);
    for (const value of values) {
      const label = text(value, 'Name');
      if (['true', 'false', 'null'].includes(label))
        throw broken(`${kind} ${name}: non-enum value ${label}.`);
      this.uses(listOf(value, 'Directives'), 'ENUM_VALUE', true);
    }
  }

  private unique({ name, fields, values, members }: Definition): void {
    const field = repeated(fields.map((each) => text(each, 'Name')));
    if (field !== undefined) throw broken(`Field ${name}.${field} can only be defined once.`);
    const value = repeated(values.map((each) => text(each, 'Name')));
    if (value !== undefined) throw broken(`Enum value ${name}.${value} can only be defined once.`);
    const member = repeated(members);
    if (member !== undefined) throw broken(`Union type ${name} can only include type ${member} once.`);
  }

  private known(type: RegoObject): void {
    const name = namedType(type);
    if (!this.types.has(name)) throw broken(`Undefined type ${name}.`);
  }

  private arguments(list: readonly RegoObject[], directive?: string): void {
    for (const argument of list) {
      const name = text(argument, 'Name');
      checkName(name);
      this.known(typeOf(argument));
      const { kind } = this.types.get(namedType(typeOf(argument)))!;
      if (!['SCALAR', 'ENUM', 'INPUT_OBJECT'].includes(kind)) {
        throw broken(
          `cannot use ${shownType(typeOf(argument))} as argument ${name} because ${kind} is not a valid input type`,
        );
      }
      this.uses(listOf(argument, 'Directives'), 'ARGUMENT_DEFINITION', true, directive);
    }
  }

  /** Directives where they are used. */
  private uses(list: readonly RegoObject[], location: string, once: boolean, inside?: string): void {
    const seen = new Set<string>();
    for (const use of list) {
      const name = text(use, 'Name');
      checkName(name);
      if (name === inside) throw broken(`Directive ${name} cannot refer to itself.`);
      const directive = this.directives.get(name);
      if (directive === undefined) throw broken(`Undefined directive ${name}.`);
      if (once && seen.has(name) && directive.get('IsRepeatable') !== true) {
        throw broken(`The directive ${name} can only be used once at this location.`);
      }
      seen.add(name);
      if (!namesOf(directive, 'Locations').includes(location)) {
        throw broken(`Directive ${name} is not applicable on ${location}.`);
      }
      this.directiveArguments(use, directive, name);
    }
  }

  private directiveArguments(use: RegoObject, directive: RegoObject, name: string): void {
    const given = listOf(use, 'Arguments');
    const declared = listOf(directive, 'Arguments');
    for (const argument of given) {
      const label = text(argument, 'Name');
      if (!declared.some((each) => text(each, 'Name') === label)) {
        throw broken(`Undefined argument ${label} for directive ${name}.`);
      }
    }
    for (const argument of declared) {
      if (typeOf(argument).get('NonNull') !== true || argument.has('DefaultValue')) continue;
      const label = text(argument, 'Name');
      const value = given.find((each) => text(each, 'Name') === label)?.get('Value');
      const nullValue = 6;
      if (!(value instanceof RegoObject) || value.get('Kind') === nullValue) {
        throw broken(`Argument ${label} for directive ${name} cannot be null.`);
      }
    }
  }

  private implementation(definition: Definition, name: string): void {
    const implemented = this.types.get(name);
    if (implemented === undefined) throw broken(`Undefined type ${quote(name)}.`);
    if (implemented.kind !== 'INTERFACE')
      throw broken(`${quote(name)} is a non interface type ${implemented.kind}.`);
    for (const wanted of implemented.fields) this.implementedField(definition, implemented, wanted);
    for (const transitive of implemented.interfaces) {
      if (definition.interfaces.includes(transitive)) continue;
      if (transitive === definition.name) {
        throw broken(
          `Type ${definition.name} cannot implement ${name} because it would create a circular reference.`,
        );
      }
      throw broken(
        `Type ${definition.name} must implement ${transitive} because it is implemented by ${name}.`,
      );
    }
  }

  private implementedField(definition: Definition, implemented: Definition, wanted: RegoObject): void {
    const label = text(wanted, 'Name');
    const start = `For ${definition.name} to implement ${implemented.name}`;
    const found = definition.fields.find((field) => text(field, 'Name') === label);
    if (found === undefined) throw broken(`${start} it must have a field called ${label}.`);
    if (!this.covariant(typeOf(wanted), typeOf(found))) {
      throw broken(`${start} the field ${label} must have type ${shownType(typeOf(wanted))}.`);
    }
    const given = listOf(found, 'Arguments');
    const required = listOf(wanted, 'Arguments');
    for (const argument of required) {
      const name = text(argument, 'Name');
      const match = given.find((each) => text(each, 'Name') === name);
      const must = `${start} the field ${label} must have the same arguments but`;
      if (match === undefined) throw broken(`${must} it is missing ${name}.`);
      if (!compatible(typeOf(argument), typeOf(match))) throw broken(`${must} ${name} has the wrong type.`);
    }
    for (const argument of given) {
      const name = text(argument, 'Name');
      const extra = !required.some((each) => text(each, 'Name') === name);
      if (extra && typeOf(argument).get('NonNull') === true && !argument.has('DefaultValue')) {
        throw broken(
          `${start} any additional arguments on ${label} must be optional or have a default value but ${name} is required.`,
        );
      }
    }
  }

  private covariant(wanted: RegoObject, actual: RegoObject): boolean {
    if (wanted.get('NonNull') === true && actual.get('NonNull') !== true) return false;
    const [element, actualElement] = [wanted.get('Elem'), actual.get('Elem')];
    if (element instanceof RegoObject)
      return actualElement instanceof RegoObject && this.covariant(element, actualElement);
    const [name, other] = [text(wanted, 'NamedType'), text(actual, 'NamedType')];
    if (name === other) return true;
    return (
      this.types.get(other)?.interfaces.includes(name) === true ||
      this.types.get(name)?.members.includes(other) === true
    );
  }
}

function compatible(wanted: RegoObject, actual: RegoObject): boolean {
  const [element, other] = [wanted.get('Elem'), actual.get('Elem')];
  if (text(wanted, 'NamedType') !== text(actual, 'NamedType')) return false;
  if (element instanceof RegoObject || other instanceof RegoObject) {
    return element instanceof RegoObject && other instanceof RegoObject && compatible(element, other);
  }
  return actual.get('NonNull') !== true || wanted.get('NonNull') === true;
}

function namedType(type: RegoObject): string {
  const element: Value | undefined = type.get('Elem');
  return element instanceof RegoObject ? namedType(element) : text(type, 'NamedType');
}

export function shownType(type: RegoObject): string {
  const element = type.get('Elem');
  const inner = element instanceof RegoObject ? `[${shownType(element)}]` : text(type, 'NamedType');
  return type.get('NonNull') === true ? `${inner}!` : inner;
}

function checkName(name: string): void {
  if (!name.startsWith('__')) return;
  throw broken(`Name "${name}" must not begin with "__", which is reserved by GraphQL introspection.`);
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}
