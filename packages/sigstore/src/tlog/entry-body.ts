import {
  decodeBase64,
  equalBytes,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type PublicKey,
  parseJson,
  parsePublicKey,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import type { LogEntry } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';
import { own } from '../payload/members.ts';

/** The signature a log entry must be about: its bytes, the bytes it signs, and the key that verifies it. */
export interface SignedContent {
  readonly signature: Uint8Array;
  /** Simple-signing document, or the payload of the DSSE envelope. */
  readonly payload: Uint8Array;
  readonly key: PublicKey;
}

/** The `spec` of an entry's body, whose kind must be `kind` version 0.0.1 inside and outside of the body. */
export function parseEntryBody(entry: LogEntry): { readonly kind: string; readonly spec: JsonObject } {
  const body = parseJson(entry.body, 'the body of the log entry', { maxBytes: 8 * 1024 * 1024 });
  const kind = own(object(body, 'the body'), 'kind');
  const version = own(object(body, 'the body'), 'apiVersion');
  if (typeof kind !== 'string' || typeof version !== 'string')
    throw invalidEntry('its body has no kind and version');
  const outside = entry.kindVersion;
  if (outside !== null && (outside.kind !== kind || outside.version !== version)) {
    throw sigstoreErrors.error('LOG_ENTRY_INVALID', {
      message: 'the log entry says it is of another kind than its body',
      expected: printable(`${outside.kind} ${outside.version}`),
      found: printable(`${kind} ${version}`),
    });
  }
  if (version !== '0.0.1') throw invalidEntry(`${printable(kind)} ${printable(version)} is not read`);
  return { kind, spec: object(own(object(body, 'the body'), 'spec'), 'spec') };
}

export function object(value: JsonValue | undefined, what: string): JsonObject {
  if (!isJsonObject(value)) throw invalidEntry(`${what} is not an object`);
  return value;
}

export function text(value: JsonValue | undefined, what: string): string {
  if (typeof value !== 'string') throw invalidEntry(`${what} is not a string`);
  return value;
}

/** Throws LOG_ENTRY_MISMATCH unless the base64 PEM in the entry is the key that verifies the signature. */
export function checkEntryKey(encoded: JsonValue | undefined, key: PublicKey): void {
  const pem = new TextDecoder().decode(decodeBase64(text(encoded, 'the entry’s key'), 'the entry’s key'));
  if (pem.includes('-----BEGIN CERTIFICATE-----')) throw mismatch('key', key.fingerprint, 'a certificate');
  const logged = parsePublicKey(pem);
  if (!equalBytes(logged.spki, key.spki)) throw mismatch('key', key.fingerprint, logged.fingerprint);
}

export function checkEntrySignature(encoded: JsonValue | undefined, signature: Uint8Array): void {
  const logged = decodeBase64(text(encoded, 'the entry’s signature'), 'the entry’s signature');
  if (!equalBytes(logged, signature)) throw mismatch('signature');
}

export function mismatch(what: string, expected?: string, found?: string) {
  return sigstoreErrors.error('LOG_ENTRY_MISMATCH', {
    message: `the log entry is for another ${what}`,
    expected,
    found,
  });
}

export function invalidEntry(message: string) {
  return sigstoreErrors.error('LOG_ENTRY_INVALID', { message: `the log entry cannot be used: ${message}` });
}
