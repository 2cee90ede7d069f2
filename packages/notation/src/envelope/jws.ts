import { decodeBase64, isJsonObject, type JsonObject, type JsonValue, parseJson } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { notationErrors } from '../errors.ts';
import { envelopeLimits } from '../limits.ts';
import { headers } from '../media-types.ts';
import { type Algorithm, algorithms } from './algorithm.ts';
import { readAttributes } from './attributes.ts';
import type { Envelope } from './envelope.ts';

/**
 * Reads a JWS in flattened JSON serialization (RFC 7515 §7.2.2).
 *
 * @throws NOTATION_ENVELOPE_INVALID, NOTATION_CRITICAL_HEADER, NOTATION_PLUGIN_NEEDED
 */
export function parseJws(bytes: Uint8Array): Envelope {
  try {
    return read(bytes);
  } catch (error) {
    if (!(error instanceof PratiqueError) || error.code.startsWith('NOTATION_')) throw error;
    throw invalid(error.message);
  }
}

function read(bytes: Uint8Array): Envelope {
  const limits = { maxBytes: bytes.byteLength, maxValues: envelopeLimits.jsonValues };
  const jws = object(parseJson(bytes, 'the envelope', limits), 'the envelope');
  const encoded = (name: string) => {
    const value = jws[name];
    if (typeof value !== 'string' || value === '') throw invalid(`it has no ${name}`);
    return value;
  };
  const [protectedText, payloadText] = [encoded('protected'), encoded('payload')];
  const signature = base64url(encoded('signature'), 'the signature');
  const unprotected = object(jws.header, 'header');
  const header = object(
    parseJson(base64url(protectedText, 'the protected header'), 'the protected header', { maxDepth: 8 }),
    'the protected header',
  );
  return {
    format: 'jws',
    ...readAttributes({
      algorithm: Object.hasOwn(algorithms, String(header.alg)) ? (header.alg as Algorithm) : null,
      contentType: header.cty,
      critical: Array.isArray(header.crit) ? header.crit : undefined,
      has: (name) => Object.hasOwn(header, name),
      text: (name) => (typeof header[name] === 'string' ? header[name] : undefined),
      time: (name) => (Object.hasOwn(header, name) ? timeOf(header[name]) : undefined),
      own: [],
    }),
    payload: base64url(payloadText, 'the payload'),
    // Both are base64url, so that what is signed says where one ends.
    signed: new TextEncoder().encode(`${protectedText}.${payloadText}`),
    signature,
    certificates: chain(unprotected.x5c),
    timestamp: optionalBytes(unprotected[headers.timestampSignature]),
    signingAgent: optionalText(unprotected[headers.signingAgent]),
  };
}

function chain(given: JsonValue | undefined): Uint8Array[] {
  if (!Array.isArray(given) || given.length === 0) throw invalid('it has no certificates');
  if (given.length > envelopeLimits.certificates)
    throw invalid(`it has more than ${envelopeLimits.certificates} certificates`);
  return given.map((one) => {
    if (typeof one !== 'string') throw invalid('a certificate is not text');
    return decodeBase64(one, 'a certificate');
  });
}

function optionalBytes(given: JsonValue | undefined): Uint8Array | null {
  if (given === undefined || given === null) return null;
  if (typeof given !== 'string') throw invalid('its timestamp is not text');
  return given === '' ? null : decodeBase64(given, 'the timestamp');
}

function optionalText(given: JsonValue | undefined): string | null {
  return typeof given === 'string' ? given : null;
}

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 in whole seconds; null for anything else, days that do not exist included. */
function timeOf(given: JsonValue | undefined): Date | null {
  const [text, local] = rfc3339.exec(typeof given === 'string' ? given : '') ?? [];
  if (text === undefined) return null;
  const [time, clock] = [new Date(text), new Date(`${local}Z`)];
  if (Number.isNaN(time.getTime()) || Number.isNaN(clock.getTime())) return null;
  return clock.toISOString().startsWith(`${local}.`) ? time : null;
}

/** Base64url without padding (RFC 7515 §2), canonical: two texts never stand for the same bytes. */
function base64url(text: string, what: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw invalid(`${what} is not base64url in its canonical form`);
  return new Uint8Array(bytes);
}

function object(value: JsonValue | undefined, what: string): JsonObject {
  if (!isJsonObject(value)) throw invalid(`${what} is not an object`);
  return value;
}

function invalid(message: string) {
  return notationErrors.error('NOTATION_ENVELOPE_INVALID', {
    message: `the JWS envelope cannot be used: ${message}`,
  });
}
