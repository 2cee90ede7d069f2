import { canonicalJson, type JsonValue } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { LineCounter, parseAllDocuments } from 'yaml';
import { policyErrors } from '../errors.ts';
import type { Source } from './problems.ts';

const maxCharacters = 4 * 1024 * 1024;
const maxDocuments = 1000;

/**
 * The YAML (or JSON) documents of one file; empty ones are left out. `name` stands before line and column in messages.
 *
 * @throws TRUST_INVALID with `file:line:column`
 */
export function readDocuments(text: string, name: string): readonly Source[] {
  if (text.length > maxCharacters) throw tooLarge(name, `${maxCharacters} characters`);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  if (!Array.isArray(documents)) return [];
  if (documents.length > maxDocuments) throw tooLarge(name, `${maxDocuments} documents`);
  for (const { errors } of documents) {
    const [error] = errors;
    if (error === undefined) continue;
    const { line, col } = lines.linePos(error.pos[0]);
    throw policyErrors.error('TRUST_INVALID', {
      message: `${name}:${line}:${col}: ${printable(yamlProblem(error.message), 300)}`,
    });
  }
  return documents.filter(({ contents }) => contents !== null).map((document) => ({ name, document, lines }));
}

/** The document as JSON; aliases are followed up to a limit, so that a small file cannot become a huge one. */
export function toJson(source: Source): JsonValue {
  let value: unknown;
  try {
    value = source.document.toJS({ maxAliasCount: 100 });
    // Also refuses what YAML has and JSON has not: NaN, infinities.
    canonicalJson(value as JsonValue);
  } catch (cause) {
    throw policyErrors.error('TRUST_INVALID', {
      message: `${source.name}:1:1: holds a value JSON does not have, or too many aliases`,
      cause,
    });
  }
  return value as JsonValue;
}

/** What the parser says of a document, in words where it only ran out of its stack. */
export function yamlProblem(message: string): string {
  return message.includes('call stack') ? 'nested too deep' : message;
}

function tooLarge(name: string, limit: string) {
  return policyErrors.error('TRUST_INVALID', { message: `${name} holds more than ${limit}` });
}
