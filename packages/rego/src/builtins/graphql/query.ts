/** GraphQL queries (October 2021, section 2.3 on) as the object OPA shows. */
import type { RegoObject } from '../../values/index.ts';
import { shownKind } from './lexer.ts';
import { commentGroup, node, SyntaxReader } from './syntax.ts';

/** Parses an executable document. Throws `GraphqlError`. */
export function parseQuery(text: string): RegoObject {
  const reader = new SyntaxReader(text);
  const operations: RegoObject[] = [];
  const fragments: RegoObject[] = [];
  while (reader.peek().kind !== 'end') {
    if (reader.is('{') || ['query', 'mutation', 'subscription'].some((word) => reader.isWord(word))) {
      operations.push(operation(reader));
    } else if (reader.isWord('fragment')) fragments.push(fragment(reader));
    else throw reader.unexpected();
  }
  return node({ Operations: operations, Fragments: fragments });
}

function operation(reader: SyntaxReader): RegoObject {
  const comment = commentGroup(reader.peek());
  // gqlparser loses the comments of an operation without a keyword.
  if (reader.is('{')) return node({ Operation: 'query', Name: '', SelectionSet: selections(reader) });
  const kind = reader.name();
  return node({
    Operation: kind,
    Name: reader.peek().kind === 'name' ? reader.name() : '',
    VariableDefinitions: variables(reader),
    Directives: reader.directives(false),
    SelectionSet: selections(reader),
    Comment: comment,
  });
}

function variables(reader: SyntaxReader): RegoObject[] {
  return reader.some('(', ')', () => {
    const comment = commentGroup(reader.peek());
    const name = reader.variable();
    reader.expect(':');
    return node({
      Variable: name,
      Type: reader.type(),
      DefaultValue: reader.skip('=') ? reader.value(true) : undefined,
      Directives: reader.directives(false),
      Comment: comment,
      Used: false,
    });
  }).items;
}

function selections(reader: SyntaxReader): RegoObject[] {
  if (!reader.is('{')) throw reader.error(reader.peek(), `Expected {, found ${shownKind(reader.peek())}`);
  return reader.deeper(
    () => reader.some('{', '}', () => (reader.is('...') ? spread(reader) : field(reader))).items,
  );
}

function field(reader: SyntaxReader): RegoObject {
  const comment = commentGroup(reader.peek());
  const alias = reader.name();
  return node({
    Alias: alias,
    Name: reader.skip(':') ? reader.name() : alias,
    Arguments: reader.arguments(false),
    Directives: reader.directives(false),
    SelectionSet: reader.is('{') ? selections(reader) : undefined,
    Comment: comment,
  });
}

function spread(reader: SyntaxReader): RegoObject {
  const comment = commentGroup(reader.peek());
  reader.expect('...');
  if (reader.peek().kind === 'name' && !reader.isWord('on')) {
    return node({ Name: reader.name(), Directives: reader.directives(false), Comment: comment });
  }
  const typed = reader.isWord('on');
  if (typed) reader.next();
  return node({
    TypeCondition: typed ? reader.name() : '',
    Directives: reader.directives(false),
    SelectionSet: selections(reader),
    Comment: comment,
  });
}

function fragment(reader: SyntaxReader): RegoObject {
  const comment = reader.keyword('fragment');
  if (reader.isWord('on')) throw reader.unexpected();
  const name = reader.name();
  const definitions = variables(reader);
  reader.keyword('on');
  return node({
    Name: name,
    VariableDefinition: definitions,
    TypeCondition: reader.name(),
    Directives: reader.directives(false),
    SelectionSet: selections(reader),
    Comment: comment,
  });
}
