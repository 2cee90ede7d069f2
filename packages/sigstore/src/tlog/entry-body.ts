import {
  decodeBase64,
  equalBytes,
  type HashAlgorithm,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  parsePem,
  parsePublicKey,
  toHex,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import type { LogEntry } from '../bundle/bundle.ts';
import { sigstoreErrors } from '../errors.ts';
import { own } from '../payload/members.ts';
import type { SignedContent } from './signed-content.ts';

/** An entry's body: its kind and version, the same inside and outside of the body, and its `spec`. */
export interface EntryBody {
  readonly kind: string;
  readonly version: string;
  readonly spec: JsonObject;
}

export function parseEntryBody(entry: LogEntry): EntryBody {
  const body = object(
    parseJson(entry.body, 'the body of the log entry', { maxBytes: 8 * 1024 * 1024 }),
    'the body',
  );
  const kind = own(body, 'kind');
  const version = own(body, 'apiVersion');
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
  return { kind, version, spec: object(own(body, 'spec'), 'spec') };
}

export function object(value: JsonValue | undefined, what: string): JsonObject {
  if (!isJsonObject(value)) throw invalidEntry(`${what} is not an object`);
  return value;
}

export function text(value: JsonValue | undefined, what: string): string {
  if (typeof value !== 'string') throw invalidEntry(`${what} is not a string`);
  return value;
}

export function bytes(value: JsonValue | undefined, what: string): Uint8Array {
  return decodeBase64(text(value, what), what);
}

// Shared: decoding whole inputs leaves no state behind.
const decoder = new TextDecoder();

/** Throws LOG_ENTRY_MISMATCH unless the base64 PEM in the entry is the very key or certificate that signed. */
export function checkEntryKey(encoded: JsonValue | undefined, content: SignedContent): void {
  const pem = decoder.decode(bytes(encoded, 'the entry’s key'));
  if (pem.includes('-----BEGIN CERTIFICATE-----')) {
    checkEntryCertificate(parsePem(pem, 'the entry’s certificate')[0].bytes, content);
  } else {
    checkEntryPublicKey(pem, content);
  }
}

export function checkEntryCertificate(logged: Uint8Array, { certificate, key }: SignedContent): void {
  if (certificate === null) throw mismatch('key', key.fingerprint, 'a certificate');
  if (!equalBytes(logged, certificate)) throw mismatch('certificate');
}

export function checkEntryPublicKey(logged: string | Uint8Array, { certificate, key }: SignedContent): void {
  if (certificate !== null) throw mismatch('certificate', 'the signer’s certificate', 'a key');
  const { spki, fingerprint } = parsePublicKey(logged);
  if (!equalBytes(spki, key.spki)) throw mismatch('key', key.fingerprint, fingerprint);
}

export function checkEntrySignature(logged: Uint8Array, { signature }: SignedContent): void {
  if (!equalBytes(logged, signature)) throw mismatch('signature');
}

/** Throws LOG_ENTRY_MISMATCH unless `found` is the hash of the content under this algorithm. */
export function checkEntryDigest(
  found: string,
  algorithm: string,
  digest: (algorithm: HashAlgorithm) => Uint8Array | null,
): void {
  const expected = isHashAlgorithm(algorithm) ? digest(algorithm) : null;
  if (expected === null) throw mismatch('payload', 'a hash that is known', printable(algorithm));
  if (toHex(expected) !== found) throw mismatch('payload', toHex(expected), printable(found));
}

function isHashAlgorithm(name: string): name is HashAlgorithm {
  return name === 'sha256' || name === 'sha384' || name === 'sha512';
}

/** Throws LOG_ENTRY_MISMATCH unless the entry's kind is one for what was signed. */
export function checkForm(kind: string, form: SignedContent['form'], content: SignedContent): void {
  if (content.form !== form) throw mismatch('kind of signature', content.form, `a ${kind} entry`);
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
