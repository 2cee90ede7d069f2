import {
  decodeBase64,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  parsePublicKey,
  toHex,
} from '@pratique/crypto';
import { sigstoreErrors } from '../errors.ts';
import { own } from '../payload/members.ts';
import type { TransparencyLog } from './trust.ts';

/** What is used of a Sigstore `trusted_root.json` (protobuf-specs `sigstore_trustroot.proto`). */
export interface TrustedRoot {
  readonly logs: readonly TransparencyLog[];
}

const mediaTypes = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot.v0.1+json',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
];

/**
 * Reads a trusted root file. A log whose key has no start of validity is refused: an open start would accept entries
 * from before the log existed.
 *
 * @throws TRUSTED_ROOT_INVALID, ENCODING_INVALID, KEY_INVALID, KEY_UNSUPPORTED, DER_INVALID
 */
export function parseTrustedRoot(bytes: Uint8Array): TrustedRoot {
  const document = object(
    parseJson(bytes, 'the trusted root', { maxBytes: 4 * 1024 * 1024 }),
    'the document',
  );
  const mediaType = own(document, 'mediaType');
  if (typeof mediaType !== 'string' || !mediaTypes.includes(mediaType))
    throw invalid('its media type is not known');
  const logs = own(document, 'tlogs') ?? [];
  if (!Array.isArray(logs) || logs.length > 64) throw invalid('tlogs is not a list of at most 64 logs');
  return { logs: logs.map(parseLog) };
}

function parseLog(value: JsonValue): TransparencyLog {
  const log = object(value, 'a log');
  const baseUrl = own(log, 'baseUrl');
  const publicKey = object(own(log, 'publicKey'), 'publicKey of a log');
  const window = object(own(publicKey, 'validFor'), 'validFor of a log’s key');
  const end = own(window, 'end') ?? null;
  if (typeof baseUrl !== 'string') throw invalid('a log has no baseUrl');
  return {
    id: toHex(base64(own(object(own(log, 'logId'), 'logId'), 'keyId'), 'logId')),
    key: parsePublicKey(base64(own(publicKey, 'rawBytes'), 'rawBytes of a log’s key')),
    baseUrl,
    validFrom: date(own(window, 'start'), 'the start of a log key’s validity'),
    ...(end === null ? {} : { validUntil: date(end, 'the end of a log key’s validity') }),
  };
}

function object(value: JsonValue | undefined, what: string): JsonObject {
  if (!isJsonObject(value)) throw invalid(`${what} is not an object`);
  return value;
}

function base64(value: JsonValue | undefined, what: string): Uint8Array {
  if (typeof value !== 'string') throw invalid(`${what} is not base64`);
  return decodeBase64(value, what);
}

/** An RFC 3339 time in UTC, as protobuf writes timestamps. */
function date(value: JsonValue | undefined, what: string): Date {
  const text =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value) ? value : '';
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw invalid(`${what} is missing or not a time`);
  return time;
}

function invalid(message: string) {
  return sigstoreErrors.error('TRUSTED_ROOT_INVALID', {
    message: `the trusted root cannot be used: ${message}`,
  });
}
