import {
  decodeBase64,
  encodeBase64,
  type HashAlgorithm,
  type JsonObject,
  type JsonValue,
  verifyDigestSignature,
  verifySignature,
} from '@pratique/crypto';
import { fromClient, Refusal } from '../http/refusal.ts';
import { member, object, text } from '../http/request.ts';
import { hashKey, subjectKeys } from '../search/keys.ts';
import {
  type CanonicalEntry,
  canonical,
  keysOf,
  readVerifier,
  textToBase64,
  withoutAlgorithm,
} from './canonical.ts';
import { firstIntoto, intoto } from './intoto.ts';
import { matchSignatures, readEnvelope } from './match-signatures.ts';
import { rfc3161 } from './rfc3161.ts';

const maxVerifiers = 16;
const hashDigits: Readonly<Record<HashAlgorithm, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/**
 * Reads a proposed entry of Rekor v1 (`hashedrekord`, `dsse` and `rfc3161` 0.0.1, `intoto` 0.0.1 and 0.0.2), verifies its signatures
 * and brings it into the form that is logged. Keys are taken from the entry only, never fetched.
 *
 * @throws Refusal 400 for anything that is not such an entry, or whose signature does not verify
 */
export function canonicalEntry(proposed: JsonObject): CanonicalEntry {
  const kind = text(member(proposed, 'kind'), 'kind');
  const version = text(member(proposed, 'apiVersion'), 'apiVersion');
  const spec = object(member(proposed, 'spec'), 'spec');
  const read = kinds.get(`${kind} ${version}`);
  if (read !== undefined) return fromClient(() => read(spec));
  throw new Refusal(400, `entries are of kind ${[...kinds.keys()].join(', ')}`);
}

const kinds: ReadonlyMap<string, (spec: JsonObject) => CanonicalEntry> = new Map([
  ['hashedrekord 0.0.1', hashedRekord],
  ['dsse 0.0.1', dsse],
  ['intoto 0.0.1', firstIntoto],
  ['intoto 0.0.2', intoto],
  ['rfc3161 0.0.1', rfc3161],
]);

function hashedRekord(spec: JsonObject): CanonicalEntry {
  const hash = object(member(object(member(spec, 'data'), 'data'), 'hash'), 'hash');
  const algorithm = text(member(hash, 'algorithm'), 'algorithm');
  const value = text(member(hash, 'value'), 'value');
  if (!isHash(algorithm)) throw new Refusal(400, 'the hash is SHA-256, SHA-384 or SHA-512');
  if (!/^[0-9a-f]+$/.test(value) || value.length !== hashDigits[algorithm])
    throw new Refusal(400, `the hash is ${hashDigits[algorithm]} digits of lower case hexadecimal`);
  const signature = object(member(spec, 'signature'), 'signature');
  const content = text(member(signature, 'content'), 'content');
  const publicKey = object(member(signature, 'publicKey'), 'publicKey');
  const verifier = readVerifier(text(member(publicKey, 'content'), 'content of publicKey'));
  const bytes = decodeBase64(content, 'the signature');
  if (verifyDigestSignature(verifier.key, algorithm, Buffer.from(value, 'hex'), bytes) === null) {
    throw new Refusal(400, 'verifying signature: it is not one of this key over this hash');
  }
  return canonical(
    'hashedrekord',
    '0.0.1',
    {
      data: { hash: { algorithm, value } },
      signature: { content, publicKey: { content: textToBase64(verifier.pem) } },
    },
    [...keysOf(verifier), `${algorithm}:${value}`],
  );
}

function dsse(spec: JsonObject): CanonicalEntry {
  const proposed = object(member(spec, 'proposedContent'), 'proposedContent');
  const raw = text(member(proposed, 'envelope'), 'envelope');
  const envelope = readEnvelope(raw);
  const list = member(proposed, 'verifiers');
  if (!Array.isArray(list) || list.length === 0 || list.length > maxVerifiers) {
    throw new Refusal(400, `verifiers is not a list of 1 to ${maxVerifiers}`);
  }
  const verifiers = list.map((item: JsonValue) => readVerifier(text(item, 'a verifier')));
  const matched = matchSignatures(
    envelope,
    verifiers,
    ({ key }, signed, signature) => verifySignature(key, signed, signature) !== null,
  );
  const signatures = matched.map(({ signature, verifier }) => ({
    signature: encodeBase64(signature),
    verifier: textToBase64(verifier.pem),
  }));
  const payloadHash = hashKey(envelope.payload);
  const envelopeHash = hashKey(raw);
  return canonical(
    'dsse',
    '0.0.1',
    {
      envelopeHash: { algorithm: 'sha256', value: withoutAlgorithm(envelopeHash) },
      payloadHash: { algorithm: 'sha256', value: withoutAlgorithm(payloadHash) },
      signatures: signatures.toSorted((a, b) => (a.signature < b.signature ? -1 : 1)),
    },
    [...verifiers.flatMap(keysOf), payloadHash, envelopeHash, ...subjectKeys(envelope)],
  );
}

function isHash(name: string): name is HashAlgorithm {
  return name === 'sha256' || name === 'sha384' || name === 'sha512';
}
