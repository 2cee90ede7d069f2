import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import { type PratiqueError, printable } from '@pratique/errors';
import { policyErrors } from '../../errors.ts';
import type { ServiceResponse } from '../../http/service.ts';
import type { PolicyFailure } from '../findings.ts';

/** What OPA's data API said (https://www.openpolicyagent.org/docs/rest-api, "Data API"): a value, that there is none, or which policies failed. */
export type OpaAnswer =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'failed'; readonly failures: readonly PolicyFailure[] };

const maxFailures = 10;

/**
 * Reads an answer of the data or policy API. Anything that is not well-formed is a fault, never "no findings".
 *
 * @throws OPA_UNAUTHORIZED, OPA_ANSWER_INVALID
 */
export function readAnswer(server: string, { status, body }: ServiceResponse): OpaAnswer {
  if (status === 401 || status === 403) {
    throw policyErrors.error('OPA_UNAUTHORIZED', {
      message: `${server} answered ${status}`,
      expected: 'an answer of the data API',
      found: `HTTP ${status}`,
    });
  }
  const document = parse(server, status, body);
  if (status === 200) {
    if (Object.hasOwn(document, 'result')) return { kind: 'value', value: document.result! };
    // A document with anything else and no result is not OPA's way of saying undefined.
    const unknown = Object.keys(document).find((key) => !['decision_id', 'warning'].includes(key));
    if (unknown === undefined) return { kind: 'undefined' };
    throw invalid(server, `HTTP 200 with ${printable(unknown, 40)} and no result`);
  }
  const failures = status === 500 ? readFailures(document.errors) : [];
  if (failures.length > 0) return { kind: 'failed', failures };
  const code = typeof document.code === 'string' ? ` (${printable(document.code, 60)})` : '';
  throw invalid(server, `HTTP ${status}${code}`);
}

function parse(server: string, status: number, body: Uint8Array): JsonObject {
  let document: JsonValue;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as JsonValue;
  } catch {
    throw invalid(server, `HTTP ${status} with something that is not JSON`);
  }
  if (!isJsonObject(document)) throw invalid(server, `HTTP ${status} with JSON that is not an object`);
  return document;
}

/** Errors of evaluation: policies that failed. Errors of any other kind mean the server did not get to evaluating. */
function readFailures(errors: JsonValue | undefined): readonly PolicyFailure[] {
  if (!Array.isArray(errors)) return [];
  const failures: PolicyFailure[] = [];
  for (const error of errors.slice(0, maxFailures)) {
    if (!isJsonObject(error)) return [];
    const { code, message, location } = error;
    if (typeof code !== 'string' || typeof message !== 'string' || !/^eval_/.test(code)) return [];
    failures.push({ code, message, location: readLocation(location) });
  }
  return failures;
}

function readLocation(location: JsonValue | undefined): PolicyFailure['location'] {
  if (location === undefined || !isJsonObject(location)) return undefined;
  const { file, row, col } = location;
  if (typeof file !== 'string' || typeof row !== 'number' || typeof col !== 'number') return undefined;
  return { file, row, col };
}

export function invalid(server: string, found: string): PratiqueError {
  return policyErrors.error('OPA_ANSWER_INVALID', {
    message: `${server} answered ${found}`,
    expected: "an answer of OPA's API: JSON with a result",
    found,
  });
}
