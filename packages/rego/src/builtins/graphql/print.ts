/** GraphQL text of the objects OPA shows, for policies that pass a parsed document instead of text. */
import { RegoArray, RegoObject } from '../../values/index.ts';
import { shownType } from './schema-rules.ts';

const maxDepth = 500;

/** The text of a query document. */
export function printQuery(document: RegoObject): string {
  const operations = list(document, 'Operations').map((operation) => {
    const variables = list(operation, 'VariableDefinitions').map(variable).join(', ');
    const head = `${text(operation, 'Operation') || 'query'} ${text(operation, 'Name')}`;
    return `${head}${variables === '' ? '' : `(${variables})`}${directives(operation)}${selections(operation, 0)}`;
  });
  const fragments = list(document, 'Fragments').map((fragment) => {
    const condition = `fragment ${text(fragment, 'Name')} on ${text(fragment, 'TypeCondition')}`;
    return condition + directives(fragment) + selections(fragment, 0);
  });
  return [...operations, ...fragments].join('\n');
}

/** The text of a schema document. The first extension of a type that is not defined stands for its definition. */
export function printSchema(document: RegoObject): string {
  const defined = new Set(list(document, 'Definitions').map((definition) => text(definition, 'Name')));
  return [
    ...list(document, 'Schema').map((schema) => `schema${schemaBody(schema)}`),
    ...list(document, 'SchemaExtension').map((schema) => `extend schema${schemaBody(schema)}`),
    ...list(document, 'Directives').map(directiveDefinition),
    ...list(document, 'Definitions').map((definition) => typeDefinition(definition)),
    ...list(document, 'Extensions').map((definition) => {
      const name = text(definition, 'Name');
      if (defined.has(name)) return `extend ${typeDefinition(definition)}`;
      defined.add(name);
      return typeDefinition(definition);
    }),
  ].join('\n');
}

function list(parent: RegoObject, name: string): readonly RegoObject[] {
  const items = parent.get(name);
  return items instanceof RegoArray ? items.items.filter((item) => item instanceof RegoObject) : [];
}

function names(parent: RegoObject, name: string): readonly string[] {
  const items = parent.get(name);
  return items instanceof RegoArray ? items.items.filter((item) => typeof item === 'string') : [];
}

function text(parent: RegoObject, name: string): string {
  const value = parent.get(name);
  return typeof value === 'string' ? value : '';
}

function child(parent: RegoObject, name: string): RegoObject | undefined {
  const value = parent.get(name);
  return value instanceof RegoObject ? value : undefined;
}

function type(parent: RegoObject): string {
  return shownType(child(parent, 'Type') ?? new RegoObject());
}

function variable(definition: RegoObject): string {
  return `$${text(definition, 'Variable')}: ${type(definition)}${defaultValue(definition)}${directives(definition)}`;
}

function defaultValue(parent: RegoObject): string {
  const value = child(parent, 'DefaultValue');
  return value === undefined ? '' : ` = ${printValue(value, 0)}`;
}

function selections(parent: RegoObject, depth: number): string {
  const items = depth > maxDepth ? [] : list(parent, 'SelectionSet');
  if (items.length === 0) return '';
  return ` { ${items.map((item) => selection(item, depth + 1)).join(' ')} }`;
}

function selection(item: RegoObject, depth: number): string {
  if (item.has('TypeCondition')) {
    const condition = text(item, 'TypeCondition');
    return `...${condition === '' ? '' : ` on ${condition}`}${directives(item)}${selections(item, depth)}`;
  }
  if (!item.has('Alias')) return `...${text(item, 'Name')}${directives(item)}`;
  const [alias, name] = [text(item, 'Alias'), text(item, 'Name')];
  const label = alias === '' || alias === name ? name : `${alias}: ${name}`;
  return label + passed(item) + directives(item) + selections(item, depth);
}

function passed(parent: RegoObject): string {
  const given = list(parent, 'Arguments').map(
    (argument) => `${text(argument, 'Name')}: ${printValue(child(argument, 'Value'), 0)}`,
  );
  return given.length === 0 ? '' : `(${given.join(', ')})`;
}

function directives(parent: RegoObject): string {
  return list(parent, 'Directives')
    .map((directive) => ` @${text(directive, 'Name')}${passed(directive)}`)
    .join('');
}

function printValue(value: RegoObject | undefined, depth: number): string {
  if (value === undefined || depth > maxDepth) return 'null';
  const raw = text(value, 'Raw');
  const children = list(value, 'Children');
  switch (value.get('Kind')) {
    case 0:
      return `$${raw}`;
    case 3:
    case 4:
      return JSON.stringify(raw);
    case 8:
      return `[${children.map((item) => printValue(child(item, 'Value'), depth + 1)).join(', ')}]`;
    case 9:
      return `{${children.map((item) => `${text(item, 'Name')}: ${printValue(child(item, 'Value'), depth + 1)}`).join(', ')}}`;
    default:
      return raw;
  }
}

function schemaBody(schema: RegoObject): string {
  const operations = list(schema, 'OperationTypes').map(
    (entry) => `${text(entry, 'Operation')}: ${text(entry, 'Type')}`,
  );
  return directives(schema) + (operations.length === 0 ? '' : ` { ${operations.join(' ')} }`);
}

function parameters(parent: RegoObject): string {
  const declared = list(parent, 'Arguments').map(input);
  return declared.length === 0 ? '' : `(${declared.join(', ')})`;
}

function input(definition: RegoObject): string {
  return `${text(definition, 'Name')}: ${type(definition)}${defaultValue(definition)}${directives(definition)}`;
}

function directiveDefinition(definition: RegoObject): string {
  const repeatable = definition.get('IsRepeatable') === true ? ' repeatable' : '';
  return `directive @${text(definition, 'Name')}${parameters(definition)}${repeatable} on ${names(definition, 'Locations').join(' | ')}`;
}

const words: Readonly<Record<string, string>> = {
  SCALAR: 'scalar',
  OBJECT: 'type',
  INTERFACE: 'interface',
  UNION: 'union',
  ENUM: 'enum',
  INPUT_OBJECT: 'input',
};

function typeDefinition(definition: RegoObject): string {
  const kind = text(definition, 'Kind');
  const interfaces = names(definition, 'Interfaces');
  const head = `${words[kind] ?? 'scalar'} ${text(definition, 'Name')}${interfaces.length === 0 ? '' : ` implements ${interfaces.join(' & ')}`}${directives(definition)}`;
  const members = names(definition, 'Types');
  const fields = list(definition, 'Fields').map((field) =>
    kind === 'INPUT_OBJECT'
      ? input(field)
      : `${text(field, 'Name')}${parameters(field)}: ${type(field)}${directives(field)}`,
  );
  const values = list(definition, 'EnumValues').map((value) => text(value, 'Name') + directives(value));
  const body = [...fields, ...values];
  return `${head}${members.length === 0 ? '' : ` = ${members.join(' | ')}`}${body.length === 0 ? '' : ` { ${body.join('\n')} }`}`;
}
