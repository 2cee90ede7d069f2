import {
  decodeBase64,
  type JsonObject,
  keyOfCertificateRequest,
  type PublicKey,
  parsePem,
  parsePublicKey,
  verifySignature,
} from '@pratique/crypto';
import { fromClient, Refusal } from '../http/refusal.ts';
import { member, object, text } from '../http/request.ts';

/** The key in a request, and the check that whoever sent it holds the private half. */
export interface KeyRequest {
  readonly key: PublicKey;
  /** @throws Refusal 400 */
  prove(challenge: string): void;
}

/** A request of API version 2: `publicKeyRequest` or `certificateSigningRequest`. */
export function readRequestV2(body: JsonObject): KeyRequest {
  const request = signingRequest(body);
  if (request !== null) return fromSigningRequest(request);
  const keyRequest = object(member(body, 'publicKeyRequest'), 'publicKeyRequest');
  const publicKey = object(member(keyRequest, 'publicKey'), 'publicKey');
  const key = fromClient(() => parsePublicKey(text(member(publicKey, 'content'), 'content of publicKey')));
  return fromPossession(key, text(member(keyRequest, 'proofOfPossession'), 'proofOfPossession'));
}

/** A request of API version 1: `publicKey` with `signedEmailAddress`, or `certificateSigningRequest`. */
export function readRequestV1(body: JsonObject): KeyRequest {
  const request = signingRequest(body);
  if (request !== null) return fromSigningRequest(request);
  const publicKey = object(member(body, 'publicKey'), 'publicKey');
  const content = text(member(publicKey, 'content'), 'content of publicKey');
  const key = fromClient(() => parsePublicKey(decodeBase64(content, 'content of publicKey')));
  return fromPossession(key, text(member(body, 'signedEmailAddress'), 'signedEmailAddress'));
}

/** Absent, null and empty are the same: cosign 2 sends an empty one beside its key. */
function signingRequest(body: JsonObject): string | null {
  const request = member(body, 'certificateSigningRequest') ?? '';
  return request === '' ? null : text(request, 'certificateSigningRequest');
}

function fromPossession(key: PublicKey, proof: string): KeyRequest {
  const signature = fromClient(() => decodeBase64(proof, 'the proof of possession'));
  return {
    key,
    prove(challenge) {
      if (verifySignature(key, new TextEncoder().encode(challenge), signature) === null) {
        throw new Refusal(400, 'the proof of possession is not a signature of this key over the identity');
      }
    },
  };
}

/** The signature inside the request is the proof, and is verified while it is read. */
function fromSigningRequest(encoded: string): KeyRequest {
  const key = fromClient(() => {
    const pem = new TextDecoder().decode(decodeBase64(encoded, 'certificateSigningRequest'));
    return keyOfCertificateRequest(parsePem(pem, 'certificateSigningRequest')[0].bytes);
  });
  return { key, prove: () => {} };
}
