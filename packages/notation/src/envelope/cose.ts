import { type CborMap, type CborValue, isMap, isTag, readCbor } from '../cbor/read.ts';
import { writeCbor } from '../cbor/write.ts';
import { notationErrors } from '../errors.ts';
import { envelopeLimits } from '../limits.ts';
import { headers } from '../media-types.ts';
import { type Algorithm, algorithms } from './algorithm.ts';
import { readAttributes } from './attributes.ts';
import type { Envelope } from './envelope.ts';

/** Labels that COSE gives to headers (RFC 9052 §3.1, RFC 9360 §2). */
export const labels = { algorithm: 1, critical: 2, contentType: 3, x5chain: 33 } as const;

/** The tag of COSE_Sign1 (RFC 9052 §2), and of a time in seconds since 1970 (RFC 8949 §3.4.2). */
export const tags = { sign1: 18, time: 1 } as const;

/**
 * Reads a tagged COSE_Sign1 (RFC 9052 §4.2).
 *
 * @throws NOTATION_ENVELOPE_INVALID, NOTATION_CRITICAL_HEADER, NOTATION_PLUGIN_NEEDED
 */
export function parseCose(bytes: Uint8Array): Envelope {
  const message = readCbor(bytes);
  if (!isTag(message) || message.tag !== tags.sign1 || !Array.isArray(message.value))
    throw invalid('it is not a tagged COSE_Sign1');
  const [protectedBytes, unprotected, payload, signature, ...more] = message.value as readonly CborValue[];
  if (
    !(protectedBytes instanceof Uint8Array) ||
    !isMap(unprotected) ||
    !(payload instanceof Uint8Array) ||
    !(signature instanceof Uint8Array) ||
    more.length > 0
  )
    throw invalid('it does not have the four parts of a COSE_Sign1');
  const header = readCbor(protectedBytes);
  if (!isMap(header)) throw invalid('its protected header is not a map');
  const twice = [...header.keys()].find((label) => unprotected.has(label));
  if (twice !== undefined) throw invalid(`the header ${twice} is protected and not protected`);
  const critical = header.get(labels.critical);
  return {
    format: 'cose',
    ...readAttributes({
      algorithm: algorithmNumbered(header.get(labels.algorithm)),
      contentType: header.get(labels.contentType),
      critical: Array.isArray(critical) ? critical : undefined,
      has: (name) => header.has(name),
      text: (name) => textOf(header.get(name)),
      time: (name) => timeOf(header, name),
      own: [labels.algorithm, labels.contentType],
    }),
    payload,
    signed: toBeSigned(protectedBytes, payload),
    signature,
    certificates: chain(unprotected.get(labels.x5chain)),
    timestamp: optionalBytes(unprotected.get(headers.timestampSignature)),
    signingAgent: textOf(unprotected.get(headers.signingAgent)) ?? null,
  };
}

/** Sig_structure without external data (RFC 9052 §4.4). */
export function toBeSigned(protectedBytes: Uint8Array, payload: Uint8Array): Uint8Array {
  return writeCbor(['Signature1', protectedBytes, new Uint8Array(), payload]);
}

function algorithmNumbered(number: CborValue | undefined): Algorithm | null {
  const found = Object.entries(algorithms).find(([, { cose }]) => cose === number);
  return (found?.[0] as Algorithm | undefined) ?? null;
}

function textOf(value: CborValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function timeOf(header: CborMap, name: string): Date | null | undefined {
  const value = header.get(name);
  if (value === undefined) return undefined;
  if (!isTag(value) || value.tag !== tags.time || typeof value.value !== 'number') return null;
  const time = new Date(value.value * 1000);
  return Number.isNaN(time.getTime()) ? null : time;
}

/** One certificate may stand by itself in COSE; envelopes of the Notary Project have a list always. */
function chain(given: CborValue | undefined): Uint8Array[] {
  if (!Array.isArray(given) || given.length === 0) throw invalid('it has no certificates');
  if (given.length > envelopeLimits.certificates)
    throw invalid(`it has more than ${envelopeLimits.certificates} certificates`);
  return given.map((one: CborValue) => {
    if (!(one instanceof Uint8Array)) throw invalid('a certificate is not a byte string');
    return one;
  });
}

function optionalBytes(given: CborValue | undefined): Uint8Array | null {
  if (given === undefined) return null;
  if (!(given instanceof Uint8Array)) throw invalid('its timestamp is not a byte string');
  return given.byteLength === 0 ? null : given;
}

function invalid(message: string) {
  return notationErrors.error('NOTATION_ENVELOPE_INVALID', {
    message: `the COSE envelope cannot be used: ${message}`,
  });
}
