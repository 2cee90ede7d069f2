import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { sigstoreErrors } from '../errors.ts';
import { parsePredicateType } from './predicate-types.ts';

/** Members without which a predicate of a type says nothing (its specification's required fields). */
const requiredMembers: Readonly<Record<string, readonly string[]>> = {
  'https://slsa.dev/provenance/v0.2': ['builder', 'buildType'],
  'https://slsa.dev/provenance/v1': ['buildDefinition', 'runDetails'],
  'https://cosign.sigstore.dev/attestation/vuln/v1': ['invocation', 'scanner', 'metadata'],
};

/** Escaped in a statement and in base64 it still fits into a string, and is more than any log or registry takes. */
const maxBytes = 64 * 1024 * 1024;

/**
 * What stands in a statement for the content of a predicate file, as Cosign makes it: `custom` wraps the text with the
 * time, `spdx` is the text (tag-value), every other type is JSON.
 *
 * @param type a short name of Cosign's, or a URI
 * @throws PREDICATE_INVALID for a type that is not known or content that is not of the type
 */
export function newPredicate(
  type: string,
  content: Uint8Array,
  now: Date,
): { readonly predicateType: string; readonly predicate: JsonValue } {
  const predicateType = parsePredicateType(type);
  if (predicateType === null) throw invalid('its type is neither a name that is known nor a URI');
  if (content.length > maxBytes) throw invalid(`it is larger than ${maxBytes} bytes`);
  if (type === 'custom') {
    const predicate = { Data: textOf(content), Timestamp: `${now.toISOString().slice(0, 19)}Z` };
    return { predicateType, predicate };
  }
  if (type === 'spdx') return { predicateType, predicate: textOf(content) };
  const predicate = jsonOf(content);
  const missing = (requiredMembers[predicateType] ?? []).filter((name) => !Object.hasOwn(predicate, name));
  if (missing.length > 0) throw invalid(`it lacks ${missing.join(', ')}, which ${predicateType} must have`);
  return { predicateType, predicate };
}

function textOf(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw invalid('it is not UTF-8');
  }
}

function jsonOf(content: Uint8Array): JsonObject {
  try {
    const predicate = parseJson(content, 'the predicate', { maxBytes: 128 * 1024 * 1024 });
    if (isJsonObject(predicate)) return predicate;
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    throw invalid(error.message);
  }
  throw invalid('it is not a JSON object');
}

function invalid(problem: string): PratiqueError {
  return sigstoreErrors.error('PREDICATE_INVALID', { message: `the predicate cannot be signed: ${problem}` });
}
