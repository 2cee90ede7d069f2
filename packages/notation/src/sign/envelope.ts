import { encodeBase64, type JsonObject } from '@pratique/crypto';
import type { CborMap, CborValue } from '../cbor/read.ts';
import { writeCbor } from '../cbor/write.ts';
import { algorithms } from '../envelope/algorithm.ts';
import { labels, tags, toBeSigned } from '../envelope/cose.ts';
import { type EnvelopeFormat, headers, notationMediaTypes } from '../media-types.ts';
import type { NotationSigner } from './signer.ts';

/** What goes into an envelope. */
export interface EnvelopeContent {
  readonly payload: Uint8Array;
  /** To the second. */
  readonly signingTime: Date;
  readonly expiry: Date | null;
  /** The program that signs. */
  readonly signingAgent: string;
  /** Has the signature stamped: a token of RFC 3161. */
  readonly timestamp?: (signature: Uint8Array) => Promise<Uint8Array>;
}

/** Signs an envelope of the scheme `notary.x509`. Throws what the signer and `timestamp` throw. */
export async function formatEnvelope(
  format: EnvelopeFormat,
  content: EnvelopeContent,
  signer: NotationSigner,
): Promise<Uint8Array> {
  return format === 'jws'
    ? await formatJws(jwsHeader(content, signer), content, signer)
    : await formatCose(coseHeader(content, signer), content, signer);
}

/** The protected header of a JWS (signature-envelope-jws.md). */
export function jwsHeader(
  { signingTime, expiry }: EnvelopeContent,
  { algorithm }: NotationSigner,
): JsonObject {
  const text = (time: Date) => `${time.toISOString().slice(0, 19)}Z`;
  return {
    alg: algorithm,
    crit: [headers.signingScheme, ...(expiry === null ? [] : [headers.expiry])],
    cty: notationMediaTypes.payload,
    [headers.signingScheme]: 'notary.x509',
    [headers.signingTime]: text(signingTime),
    ...(expiry === null ? {} : { [headers.expiry]: text(expiry) }),
  };
}

/** A JWS with this protected header, whatever it says. */
export async function formatJws(
  header: JsonObject,
  { payload, signingAgent, timestamp }: EnvelopeContent,
  { chain, sign }: NotationSigner,
): Promise<Uint8Array> {
  const encode = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64url');
  const [protectedText, payloadText] = [encode(JSON.stringify(header)), encode(payload)];
  const signature = await sign(new TextEncoder().encode(`${protectedText}.${payloadText}`));
  const token = await timestamp?.(signature);
  return new TextEncoder().encode(
    JSON.stringify({
      payload: payloadText,
      protected: protectedText,
      header: {
        ...(token === undefined ? {} : { [headers.timestampSignature]: encodeBase64(token) }),
        x5c: chain.map(({ der }) => encodeBase64(der)),
        [headers.signingAgent]: signingAgent,
      },
      signature: encode(signature),
    }),
  );
}

/** The protected header of a COSE_Sign1 (signature-envelope-cose.md). */
export function coseHeader({ signingTime, expiry }: EnvelopeContent, { algorithm }: NotationSigner): CborMap {
  const time = (date: Date) => ({ tag: tags.time, value: Math.floor(date.getTime() / 1000) });
  return new Map<number | string, CborValue>([
    [labels.algorithm, algorithms[algorithm].cose],
    [labels.critical, [headers.signingScheme, ...(expiry === null ? [] : [headers.expiry])]],
    [labels.contentType, notationMediaTypes.payload],
    [headers.signingScheme, 'notary.x509'],
    [headers.signingTime, time(signingTime)],
    ...(expiry === null ? [] : [[headers.expiry, time(expiry)] as const]),
  ]);
}

/** A COSE_Sign1 with this protected header, whatever it says. */
export async function formatCose(
  header: CborMap,
  { payload, signingAgent, timestamp }: EnvelopeContent,
  { chain, sign }: NotationSigner,
): Promise<Uint8Array> {
  const protectedBytes = writeCbor(header);
  const signature = await sign(toBeSigned(protectedBytes, payload));
  const token = await timestamp?.(signature);
  const unprotected = new Map<number | string, CborValue>([
    [labels.x5chain, chain.map(({ der }) => der)],
    [headers.signingAgent, signingAgent],
    ...(token === undefined ? [] : [[headers.timestampSignature, token] as const]),
  ]);
  return writeCbor({ tag: tags.sign1, value: [protectedBytes, unprotected, payload, signature] });
}
