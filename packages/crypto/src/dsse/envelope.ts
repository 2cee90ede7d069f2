import { decodeBase64 } from '../encoding/base64.ts';
import { concatBytes } from '../encoding/bytes.ts';
import { isJsonObject, type JsonValue } from '../encoding/json.ts';
import { cryptoErrors } from '../errors.ts';
import type { PublicKey } from '../keys/public-key.ts';
import { type SignatureScheme, verifySignature } from '../keys/verify.ts';

/** A DSSE v1 envelope, decoded. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly { readonly signature: Uint8Array; readonly keyid: string }[];
}

const maxSignatures = 32;

/**
 * Reads a parsed JSON value as a DSSE envelope (secure-systems-lab/dsse `envelope.md`). The number of signatures is
 * left to the caller; more than 32 are refused.
 *
 * @throws ENVELOPE_INVALID, ENCODING_INVALID
 */
export function parseEnvelope(value: JsonValue | undefined): Envelope {
  if (!isJsonObject(value)) throw invalid('the envelope is not a JSON object');
  const { payload, payloadType, signatures } = value;
  if (typeof payload !== 'string') throw invalid('payload is not a string');
  if (typeof payloadType !== 'string') throw invalid('payloadType is not a string');
  if (!Array.isArray(signatures)) throw invalid('signatures is not a list');
  if (signatures.length > maxSignatures) {
    throw cryptoErrors.error('ENVELOPE_INVALID', {
      message: 'a DSSE envelope with too many signatures',
      expected: `at most ${maxSignatures}`,
      found: String(signatures.length),
    });
  }
  return {
    payloadType,
    payload: decodeBase64(payload, 'the DSSE payload'),
    signatures: signatures.map((entry: JsonValue) => {
      if (!isJsonObject(entry)) throw invalid('a signature is not an object');
      const { sig, keyid = '' } = entry;
      if (typeof sig !== 'string' || typeof keyid !== 'string') throw invalid('a signature has no sig');
      return { signature: decodeBase64(sig, 'a DSSE signature'), keyid };
    }),
  };
}

/** Pre-authentication encoding (dsse `protocol.md`): the bytes that are signed. Lengths count bytes of UTF-8. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const encoder = new TextEncoder();
  const type = encoder.encode(payloadType);
  return concatBytes(
    encoder.encode(`DSSEv1 ${type.byteLength} `),
    type,
    encoder.encode(` ${payload.byteLength} `),
    payload,
  );
}

/**
 * The scheme under which `signature` over the envelope's payload is valid for `key`, or null. Says nothing about what
 * the payload means: check `payloadType` too.
 */
export function verifyEnvelope(
  envelope: Pick<Envelope, 'payload' | 'payloadType'>,
  signature: Uint8Array,
  key: PublicKey,
  schemes?: readonly SignatureScheme[],
): SignatureScheme | null {
  return verifySignature(key, preAuthEncoding(envelope.payloadType, envelope.payload), signature, schemes);
}

function invalid(message: string) {
  return cryptoErrors.error('ENVELOPE_INVALID', { message: `not a DSSE envelope: ${message}` });
}
