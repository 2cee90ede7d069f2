/** GraphQL schemas (October 2021, section 3) as the object OPA shows. */
import type { RegoObject } from '../../values/index.ts';
import type { Token } from './lexer.ts';
import { commentGroup, node, SyntaxReader } from './syntax.ts';

interface Description {
  readonly text: string;
  readonly comment: RegoObject | undefined;
  readonly token: Token | undefined;
}

const noDescription: Description = { text: '', comment: undefined, token: undefined };

const kinds: Readonly<Record<string, string>> = {
  scalar: 'SCALAR',
  type: 'OBJECT',
  interface: 'INTERFACE',
  union: 'UNION',
  enum: 'ENUM',
  input: 'INPUT_OBJECT',
};

/** Parses a type system document. Throws `GraphqlError`. */
export function parseSchema(text: string): RegoObject {
  return new SchemaReader(text).document();
}

class SchemaReader {
  private readonly reader: SyntaxReader;

  constructor(text: string) {
    this.reader = new SyntaxReader(text);
  }

  document(): RegoObject {
    const { reader } = this;
    const found = {
      Schema: [] as RegoObject[],
      SchemaExtension: [] as RegoObject[],
      Directives: [] as RegoObject[],
      Definitions: [] as RegoObject[],
      Extensions: [] as RegoObject[],
    };
    while (reader.peek().kind !== 'end') {
      const description = this.description();
      const token = reader.peek();
      if (token.kind !== 'name') throw reader.unexpected();
      if (Object.hasOwn(kinds, token.value)) found.Definitions.push(this.definition(description));
      else if (token.value === 'schema') found.Schema.push(this.schemaDefinition(description));
      else if (token.value === 'directive') found.Directives.push(this.directiveDefinition(description));
      else if (token.value === 'extend') {
        if (description.token !== undefined && description.text !== '')
          throw reader.unexpected(description.token);
        const comment = reader.keyword('extend');
        if (reader.isWord('schema')) found.SchemaExtension.push(this.schemaExtension(comment));
        else found.Extensions.push(this.extension(comment));
      } else throw reader.unexpected();
    }
    return node({ ...found, Comment: reader.comment() });
  }

  private description(): Description {
    const token = this.reader.peek();
    if (token.kind !== 'string' && token.kind !== 'block') return noDescription;
    const comment = this.reader.comment();
    return { text: this.reader.next().value, comment, token };
  }

  private definition(description: Description): RegoObject {
    const word = this.reader.peek().value;
    const comment = this.reader.keyword(word);
    return this.body(word, description, comment);
  }

  private extension(comment: RegoObject | undefined): RegoObject {
    const word = this.reader.peek().value;
    if (this.reader.peek().kind !== 'name' || !Object.hasOwn(kinds, word)) throw this.reader.unexpected();
    this.reader.next();
    const extension = this.body(word, noDescription, comment);
    const empty = ['Interfaces', 'Directives', 'Fields', 'Types', 'EnumValues'].every(
      (name) => !extension.has(name),
    );
    if (empty) throw this.reader.unexpected();
    return extension;
  }

  private body(word: string, description: Description, comment: RegoObject | undefined): RegoObject {
    const { reader } = this;
    const name = reader.name();
    const interfaces = word === 'type' || word === 'interface' ? this.interfaces() : [];
    const directives = reader.directives(true);
    const fields =
      word === 'type' || word === 'interface' ? reader.some('{', '}', () => this.field()) : undefined;
    const inputs = word === 'input' ? reader.some('{', '}', () => this.input()) : undefined;
    const values = word === 'enum' ? reader.some('{', '}', () => this.enumValue()) : undefined;
    return node({
      Kind: kinds[word],
      Description: description.text,
      Name: name,
      Directives: directives,
      Interfaces: interfaces,
      Fields: fields?.items ?? inputs?.items,
      Types: word === 'union' ? this.members() : undefined,
      EnumValues: values?.items,
      BuiltIn: false,
      BeforeDescriptionComment: description.comment,
      AfterDescriptionComment: comment,
      EndOfDefinitionComment: (fields ?? inputs ?? values)?.comment,
    });
  }

  private interfaces(): string[] {
    const { reader } = this;
    if (!reader.isWord('implements')) return [];
    reader.next();
    reader.skip('&');
    const names = [reader.name()];
    while (reader.skip('&')) names.push(reader.name());
    return names;
  }

  private members(): string[] {
    const { reader } = this;
    if (!reader.skip('=')) return [];
    reader.skip('|');
    const names = [reader.name()];
    while (reader.skip('|')) names.push(reader.name());
    return names;
  }

  /** The description of a member and the comments around it. */
  private memberStart(): Readonly<Record<string, string | RegoObject | undefined>> {
    const description = this.description();
    return {
      Description: description.text,
      BeforeDescriptionComment: description.text === '' ? undefined : description.comment,
      AfterDescriptionComment: commentGroup(this.reader.peek()),
    };
  }

  private field(): RegoObject {
    const { reader } = this;
    const start = this.memberStart();
    const name = reader.name();
    const args = reader.some('(', ')', () => this.input()).items;
    reader.expect(':');
    return node({
      ...start,
      Name: name,
      Arguments: args,
      Type: reader.type(),
      Directives: reader.directives(true),
    });
  }

  /** An argument or a field of an input object. */
  private input(): RegoObject {
    const { reader } = this;
    const start = this.memberStart();
    const name = reader.name();
    reader.expect(':');
    return node({
      ...start,
      Name: name,
      Type: reader.type(),
      DefaultValue: reader.skip('=') ? reader.value(true) : undefined,
      Directives: reader.directives(true),
    });
  }

  private enumValue(): RegoObject {
    const start = this.memberStart();
    return node({ ...start, Name: this.reader.name(), Directives: this.reader.directives(true) });
  }

  private schemaDefinition(description: Description): RegoObject {
    const comment = this.reader.keyword('schema');
    return this.schemaBody(description, comment);
  }

  private schemaExtension(comment: RegoObject | undefined): RegoObject {
    this.reader.keyword('schema');
    const extension = this.schemaBody(noDescription, comment);
    if (!extension.has('Directives') && !extension.has('OperationTypes')) throw this.reader.unexpected();
    return extension;
  }

  private schemaBody(description: Description, comment: RegoObject | undefined): RegoObject {
    const { reader } = this;
    const directives = reader.directives(true);
    const operations = reader.some('{', '}', () => {
      const before = commentGroup(reader.peek());
      const token = reader.next();
      if (!/^(?:query|mutation|subscription)$/.test(token.value)) throw reader.unexpected(token);
      reader.expect(':');
      return node({ Operation: token.value, Type: reader.name(), Comment: before });
    });
    return node({
      Description: description.text,
      Directives: directives,
      OperationTypes: operations.items,
      BeforeDescriptionComment: description.comment,
      AfterDescriptionComment: comment,
      EndOfDefinitionComment: operations.comment,
    });
  }

  private directiveDefinition(description: Description): RegoObject {
    const { reader } = this;
    const comment = reader.keyword('directive');
    reader.expect('@');
    const name = reader.name();
    const args = reader.some('(', ')', () => this.input()).items;
    const repeatable = reader.isWord('repeatable');
    if (repeatable) reader.next();
    reader.keyword('on');
    reader.skip('|');
    const locations = [this.location()];
    while (reader.skip('|')) locations.push(this.location());
    return node({
      Description: description.text,
      Name: name,
      Arguments: args,
      Locations: locations,
      IsRepeatable: repeatable,
      BeforeDescriptionComment: description.comment,
      AfterDescriptionComment: comment,
    });
  }

  private location(): string {
    const token = this.reader.peek();
    const name = this.reader.name();
    if (!directiveLocations.has(name)) throw this.reader.unexpected(token);
    return name;
  }
}

const directiveLocations: ReadonlySet<string> = new Set([
  'QUERY',
  'MUTATION',
  'SUBSCRIPTION',
  'FIELD',
  'FRAGMENT_DEFINITION',
  'FRAGMENT_SPREAD',
  'INLINE_FRAGMENT',
  'VARIABLE_DEFINITION',
  'SCHEMA',
  'SCALAR',
  'OBJECT',
  'FIELD_DEFINITION',
  'ARGUMENT_DEFINITION',
  'INTERFACE',
  'UNION',
  'ENUM',
  'ENUM_VALUE',
  'INPUT_OBJECT',
  'INPUT_FIELD_DEFINITION',
]);
