import { isJsonObject, type JsonObject, type JsonValue } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { admissionErrors } from '../errors.ts';
import { type JsonLimits, parseBody } from './json.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export const operations = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;
export type Operation = (typeof operations)[number];

/** `request` of an AdmissionReview v1: the fields decisions need, checked; policies see all of it. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: GroupVersionKind;
  /** Plural of the kind, as the API server has it: `pods`. It sends one always. */
  readonly resource: string | undefined;
  readonly subResource: string | undefined;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly operation: Operation;
  readonly object: JsonObject | null;
  readonly oldObject: JsonObject | null;
  /** The whole request, as sent. */
  readonly raw: JsonObject;
}

/**
 * Reads an AdmissionReview v1 (Kubernetes `admission.k8s.io/v1`). Strict: what is missing, of another type or said
 * twice is refused, since nothing may be concluded from it.
 *
 * @throws REVIEW_MALFORMED, REVIEW_TOO_LARGE
 */
export function parseReview(body: Uint8Array, limits: JsonLimits): AdmissionRequest {
  if (body.byteLength > limits.maxBytes) throw tooLarge(limits.maxBytes, String(body.byteLength));
  let review: JsonValue;
  try {
    review = parseBody(body, 'the request body', limits);
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    throw admissionErrors.error('REVIEW_MALFORMED', {
      message: cause.message,
      expected: 'an AdmissionReview as JSON',
      found: cause.found,
      cause,
    });
  }
  if (!isJsonObject(review)) throw malformed('the request body', 'an object', review);
  if (review.kind !== 'AdmissionReview') throw malformed('kind', 'AdmissionReview', review.kind);
  if (review.apiVersion !== 'admission.k8s.io/v1') {
    throw malformed('apiVersion', 'admission.k8s.io/v1', review.apiVersion);
  }
  return parseRequest(review.request);
}

/** @throws REVIEW_MALFORMED */
export function parseRequest(raw: JsonValue | undefined): AdmissionRequest {
  if (!isJsonObject(raw)) throw malformed('request', 'an object', raw);
  const { uid, operation } = raw;
  if (typeof uid !== 'string' || uid === '' || uid.length > 128) {
    throw malformed('request.uid', 'a string of at most 128 characters', uid);
  }
  if (!operations.includes(operation as Operation)) {
    throw malformed('request.operation', operations.join(' or '), operation);
  }
  if (!isJsonObject(raw.kind)) throw malformed('request.kind', '{group, version, kind}', raw.kind);
  return {
    uid,
    kind: {
      group: optionalString(raw.kind, 'request.kind', 'group') ?? '',
      version: optionalString(raw.kind, 'request.kind', 'version') ?? '',
      kind: requiredString(raw.kind, 'request.kind', 'kind'),
    },
    resource: resourceOf(raw),
    subResource: optionalString(raw, 'request', 'subResource') || undefined,
    name: optionalString(raw, 'request', 'name') || undefined,
    namespace: optionalString(raw, 'request', 'namespace') || undefined,
    operation: operation as Operation,
    object: optionalObject(raw, 'object'),
    oldObject: optionalObject(raw, 'oldObject'),
    raw,
  };
}

function resourceOf({ resource }: JsonObject): string | undefined {
  if (resource === undefined || resource === null) return undefined;
  if (!isJsonObject(resource)) throw malformed('request.resource', '{group, version, resource}', resource);
  return requiredString(resource, 'request.resource', 'resource');
}

function requiredString(parent: JsonObject, at: string, key: string): string {
  const value = optionalString(parent, at, key);
  if (value === undefined || value === '') throw malformed(`${at}.${key}`, 'a non-empty string', value);
  return value;
}

function optionalString(parent: JsonObject, at: string, key: string): string | undefined {
  const value = parent[key];
  if (value === undefined || typeof value === 'string') return value;
  throw malformed(`${at}.${key}`, 'a string', value);
}

function optionalObject(parent: JsonObject, key: string): JsonObject | null {
  const value = parent[key];
  if (value === undefined || value === null) return null;
  if (isJsonObject(value)) return value;
  throw malformed(`request.${key}`, 'an object or null', value);
}

export function tooLarge(maxBytes: number, found: string): PratiqueError {
  return admissionErrors.error('REVIEW_TOO_LARGE', {
    message: `the request body is larger than ${maxBytes} bytes`,
    expected: `at most ${maxBytes} bytes`,
    found: `${found} bytes`,
  });
}

function malformed(where: string, expected: string, value: JsonValue | undefined): PratiqueError {
  const found = value === undefined ? 'nothing' : printable(JSON.stringify(value), 80);
  return admissionErrors.error('REVIEW_MALFORMED', {
    message: `${where} of the AdmissionReview should be ${expected}, and is ${found}`,
    expected,
    found,
  });
}
