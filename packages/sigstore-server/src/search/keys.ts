import { createHash } from 'node:crypto';
import {
  type Certificate,
  type Envelope,
  type JsonObject,
  type JsonValue,
  parseJson,
  subjectAltNames,
} from '@pratique/crypto';
import { member, object, text } from '../http/request.ts';

/** Keys that one entry is found by, at most. */
export const maxSearchKeys = 64;

/** A statement of more is not searched for what can be found by: that would take the server seconds. */
const maxStatementValues = 500_000;

/** `sha256:…` in hexadecimal. A key or certificate is found by the hash of its PEM, as in Rekor’s index. */
export function hashKey(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The names in a certificate, in lower case. */
export function nameKeys(certificate: Certificate): string[] {
  return subjectAltNames(certificate).map(({ value }) => value.toLowerCase());
}

/** What may be an in-toto statement. */
type Payload = Pick<Envelope, 'payloadType' | 'payload'>;

/** Digests of an in-toto statement's subjects; none for a payload that is no statement. */
export function subjectKeys(payload: Payload): string[] {
  return digestsIn(payload, (statement) => member(statement, 'subject'));
}

/** Digests of what SLSA provenance up to version 0.2 says an artifact was made of. */
export function materialKeys(payload: Payload): string[] {
  return digestsIn(payload, (statement) =>
    member(object(member(statement, 'predicate'), 'predicate'), 'materials'),
  );
}

function digestsIn(
  { payloadType, payload }: Payload,
  find: (statement: JsonObject) => JsonValue | undefined,
): string[] {
  if (payloadType !== 'application/vnd.in-toto+json') return [];
  try {
    const found = find(
      object(parseJson(payload, 'the statement', { maxValues: maxStatementValues }), 'the statement'),
    );
    if (!Array.isArray(found)) return [];
    return found
      .slice(0, maxSearchKeys)
      .flatMap((one: JsonValue) =>
        Object.entries(object(member(object(one, 'an artifact'), 'digest'), 'digest')).map(
          ([algorithm, value]) => `${algorithm}:${text(value, 'digest')}`.toLowerCase(),
        ),
      )
      .filter((key) => key.length <= 256);
  } catch {
    return [];
  }
}

/** What is stored beside a leaf: the keys, each once. */
export function encodeSearchKeys(keys: readonly string[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([...new Set(keys)].slice(0, maxSearchKeys)));
}
