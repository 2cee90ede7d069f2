import {
  basicConstraints,
  type Certificate,
  decodeBase64,
  formatPem,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type PublicKey,
  parseCertificate,
  parseJson,
  parsePublicKey,
  toHex,
} from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { sigstoreErrors } from '../errors.ts';
import { own } from '../payload/members.ts';
import type { CertificateAuthority, TimestampAuthority, TransparencyLog, Window } from './trust.ts';

/** A Sigstore `trusted_root.json` (protobuf-specs `sigstore_trustroot.proto`). */
export interface TrustedRoot {
  readonly logs: readonly TransparencyLog[];
  readonly certificateLogs: readonly TransparencyLog[];
  readonly authorities: readonly CertificateAuthority[];
  readonly timestampAuthorities: readonly TimestampAuthority[];
}

const mediaTypes = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot+json;version=0.2',
  'application/vnd.dev.sigstore.trustedroot.v0.1+json',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
];
const maxMembers = 64;
const maxCertificates = 10;

/**
 * Reads a trusted root file. A log whose key has no start of validity is refused: an open start would accept entries
 * from before the log existed. A log with a key of an algorithm that is not known here is left out, and so not trusted,
 * unless no other one is named; everything else must be read. The last certificate of a chain is its anchor.
 *
 * @throws TRUSTED_ROOT_INVALID, ENCODING_INVALID, KEY_INVALID, DER_INVALID, CERTIFICATE_INVALID
 */
export function parseTrustedRoot(bytes: Uint8Array): TrustedRoot {
  const document = object(
    parseJson(bytes, 'the trusted root', { maxBytes: 4 * 1024 * 1024 }),
    'the document',
  );
  const mediaType = own(document, 'mediaType');
  if (typeof mediaType !== 'string' || !mediaTypes.includes(mediaType))
    throw invalid('its media type is not known');
  const entries = list(document, 'tlogs');
  const logs = entries.flatMap(parseLog);
  // Where no log is named none is asked for: names that are not understood must not come to the same.
  if (entries.length > 0 && logs.length === 0)
    throw invalid('none of its transparency logs has a key that is known here');
  return {
    logs,
    certificateLogs: list(document, 'ctlogs').flatMap(parseLog),
    authorities: list(document, 'certificateAuthorities').map(parseAuthority),
    timestampAuthorities: list(document, 'timestampAuthorities').map(parseTimestampAuthority),
  };
}

function list(document: JsonObject, name: string): readonly JsonValue[] {
  const members = own(document, name) ?? [];
  if (!Array.isArray(members) || members.length > maxMembers)
    throw invalid(`${name} is not a list of at most ${maxMembers}`);
  return members;
}

/** One log, or none when its key is of an unknown algorithm. */
function parseLog(value: JsonValue): TransparencyLog[] {
  const log = object(value, 'a log');
  const publicKey = object(own(log, 'publicKey'), 'publicKey of a log');
  const { validFrom, validUntil } = parseWindow(own(publicKey, 'validFor'), 'a log’s key');
  if (validFrom === undefined) throw invalid('a log’s key has no start of validity');
  const hash = own(log, 'hashAlgorithm') ?? 'SHA2_256';
  if (hash !== 'SHA2_256') throw invalid('a log has another hash algorithm than SHA2_256');
  const key = parseLogKey(publicKey);
  if (key === null) return [];
  return [
    {
      id: toHex(base64(own(object(own(log, 'logId'), 'logId'), 'keyId'), 'logId')),
      key,
      baseUrl: text(own(log, 'baseUrl') ?? '', 'baseUrl of a log'),
      validFrom,
      ...(validUntil === undefined ? {} : { validUntil }),
    },
  ];
}

function parseLogKey(publicKey: JsonObject): PublicKey | null {
  const rawBytes = base64(own(publicKey, 'rawBytes'), 'rawBytes of a log’s key');
  // The old details of RSA keys stand for a bare RSAPublicKey.
  const bare = own(publicKey, 'keyDetails') === 'PKCS1_RSA_PKCS1V5';
  try {
    return parsePublicKey(bare ? formatPem('RSA PUBLIC KEY', rawBytes) : rawBytes);
  } catch (error) {
    if (error instanceof PratiqueError && error.code === 'KEY_UNSUPPORTED') return null;
    throw error;
  }
}

function parseAuthority(value: JsonValue): CertificateAuthority {
  const authority = object(value, 'a certificate authority');
  return {
    ...certificateAuthority(
      text(own(authority, 'uri') ?? '', 'uri of a certificate authority'),
      parseChain(authority, 'a certificate authority'),
    ),
    ...parseWindow(own(authority, 'validFor') ?? {}, 'a certificate authority'),
  };
}

/** An authority by its chain: intermediate certificates, then the root. */
export function certificateAuthority(uri: string, chain: readonly Certificate[]): CertificateAuthority {
  return { uri, anchors: chain.slice(-1), intermediates: chain.slice(0, -1) };
}

function parseTimestampAuthority(value: JsonValue): TimestampAuthority {
  const authority = object(value, 'a timestamp authority');
  return {
    ...timestampAuthority(
      text(own(authority, 'uri') ?? '', 'uri of a timestamp authority'),
      parseChain(authority, 'a timestamp authority'),
    ),
    ...parseWindow(own(authority, 'validFor') ?? {}, 'a timestamp authority'),
  };
}

/**
 * A timestamp authority by its chain, the root last. Its own certificate, which is no authority itself, may be absent:
 * then any it issued counts.
 *
 * @throws TRUSTED_ROOT_INVALID
 */
export function timestampAuthority(uri: string, certificates: readonly Certificate[]): TimestampAuthority {
  const [first] = certificates;
  const leaf = first !== undefined && !basicConstraints(first).ca ? first : null;
  const rest = leaf === null ? certificates : certificates.slice(1);
  if (rest.length === 0) throw invalid('a timestamp authority has no root certificate');
  return { uri, leaf, anchors: rest.slice(-1), intermediates: rest.slice(0, -1) };
}

function parseChain(authority: JsonObject, what: string): readonly Certificate[] {
  const chain = own(object(own(authority, 'certChain'), `certChain of ${what}`), 'certificates');
  if (!Array.isArray(chain) || chain.length === 0 || chain.length > maxCertificates)
    throw invalid(`the chain of ${what} is not a list of 1 to ${maxCertificates} certificates`);
  return chain.map((item: JsonValue) =>
    parseCertificate(base64(own(object(item, `a certificate of ${what}`), 'rawBytes'), 'a certificate')),
  );
}

function parseWindow(value: JsonValue | undefined, what: string): Window {
  const window = object(value, `validFor of ${what}`);
  const start = own(window, 'start') ?? null;
  const end = own(window, 'end') ?? null;
  return {
    ...(start === null ? {} : { validFrom: date(start, `the start of validity of ${what}`) }),
    ...(end === null ? {} : { validUntil: date(end, `the end of validity of ${what}`) }),
  };
}

function object(value: JsonValue | undefined, what: string): JsonObject {
  if (!isJsonObject(value)) throw invalid(`${what} is not an object`);
  return value;
}

function text(value: JsonValue | undefined, what: string): string {
  if (typeof value !== 'string' || value.length > 2048) throw invalid(`${what} is not a short string`);
  return printable(value, 2048);
}

function base64(value: JsonValue | undefined, what: string): Uint8Array {
  if (typeof value !== 'string') throw invalid(`${what} is not base64`);
  return decodeBase64(value, what);
}

/** An RFC 3339 time in UTC, as protobuf writes timestamps. */
function date(value: JsonValue, what: string): Date {
  const format = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
  const time = new Date(typeof value === 'string' && format.test(value) ? value : '');
  if (Number.isNaN(time.getTime())) throw invalid(`${what} is not a time`);
  return time;
}

function invalid(message: string) {
  return sigstoreErrors.error('TRUSTED_ROOT_INVALID', {
    message: `the trusted root cannot be used: ${message}`,
  });
}
