/**
 * Validation of a query against a schema (GraphQL section 5) with the reference implementation, whose rules gqlparser has
 * too. It is loaded only when a policy uses these built-ins.
 */
import { createRequire } from 'node:module';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import { RegoArray, RegoObject } from '../../values/index.ts';
import { GraphqlError } from './lexer.ts';

function library(): typeof import('graphql') {
  return createRequire(import.meta.url)('graphql');
}

const deferDirective =
  'directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT';
const parseOptions = { noLocation: false, maxTokens: 1_000_000 } as const;

/** A schema to validate with. The document must already keep the rules for schemas. */
export function buildSchema(document: RegoObject, text: string): GraphQLSchema {
  const { buildASTSchema, GraphQLSchema: Schema, parse } = library();
  if (document.size === 0 || (document.size === 1 && document.has('Comment')))
    return new Schema({ assumeValid: true });
  const defined = document.get('Directives');
  const deferred =
    defined instanceof RegoArray &&
    defined.items.some((item) => item instanceof RegoObject && item.get('Name') === 'defer');
  const source = deferred ? text : `${text}\n${deferDirective}`;
  return buildASTSchema(parse(source, parseOptions), { assumeValid: true, assumeValidSDL: true });
}

/** Throws {@link GraphqlError} with all that is wrong. A query without operations or fragments is valid. */
export function checkQuery(schema: GraphQLSchema, document: RegoObject, text: string): void {
  if (!document.has('Operations') && !document.has('Fragments')) return;
  const { GraphQLError: ErrorClass, parse, validate, Kind } = library();
  const parsed = parse(text, parseOptions);
  const errors: GraphQLError[] = [];
  for (const definition of parsed.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || schema.getRootType(definition.operation) != null)
      continue;
    const message = `Schema does not support operation type "${definition.operation}"`;
    errors.push(new ErrorClass(message, { nodes: definition }));
  }
  errors.push(...validate(schema, parsed));
  const [first, ...rest] = errors;
  if (first === undefined) return;
  const lines = [first.message, ...rest.map((error) => `input:${place(error)}: ${error.message}`)];
  throw new GraphqlError(
    `${lines.join('\n').replace(/\.$/, '')} in GraphQL string at location ${place(first)}`,
  );
}

function place(error: GraphQLError): string {
  const location = error.locations?.[0];
  return location === undefined ? '1:1' : `${location.line}:${location.column}`;
}
