import { createHash } from 'node:crypto';
import {
  type Certificate,
  type Envelope,
  type JsonValue,
  parseJson,
  subjectAltNames,
} from '@pratique/crypto';
import { member, object, text } from '../http/request.ts';

/** Keys that one entry is found by, at most. */
export const maxSearchKeys = 64;

/** `sha256:…` in hexadecimal. A key or certificate is found by the hash of its PEM, as in Rekor’s index. */
export function hashKey(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The names in a certificate, in lower case. */
export function nameKeys(certificate: Certificate): string[] {
  return subjectAltNames(certificate).map(({ value }) => value.toLowerCase());
}

/** Digests of an in-toto statement's subjects; none for a payload that is no statement. */
export function subjectKeys({ payloadType, payload }: Envelope): string[] {
  if (payloadType !== 'application/vnd.in-toto+json') return [];
  try {
    const subjects = member(object(parseJson(payload, 'the statement'), 'the statement'), 'subject');
    if (!Array.isArray(subjects)) return [];
    return subjects
      .slice(0, maxSearchKeys)
      .flatMap((subject: JsonValue) =>
        Object.entries(object(member(object(subject, 'subject'), 'digest'), 'digest')).map(
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
