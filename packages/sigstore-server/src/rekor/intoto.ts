import {
  decodeBase64,
  encodeBase64,
  type JsonObject,
  type JsonValue,
  preAuthEncoding,
  verifySignature,
} from '@pratique/crypto';
import { Refusal } from '../http/refusal.ts';
import { member, object, text } from '../http/request.ts';
import { hashKey, materialKeys, subjectKeys } from '../search/keys.ts';
import {
  type CanonicalEntry,
  canonical,
  keysOf,
  readVerifier,
  textToBase64,
  withoutAlgorithm,
} from './canonical.ts';
import { matchSignatures, readEnvelope } from './match-signatures.ts';

const maxSignatures = 16;

/**
 * An `intoto` entry, version 0.0.2 (`rekor/pkg/types/intoto`): an envelope whose payload and signatures are in base64 once
 * more, each signature with its key. Every signature must be one of the key beside it. The hash of the envelope's own
 * bytes is the client's word, as in Rekor: those bytes are not in the entry.
 */
export function intoto(spec: JsonObject): CanonicalEntry {
  const content = object(member(spec, 'content'), 'content');
  const envelope = object(member(content, 'envelope'), 'envelope');
  const payloadType = text(member(envelope, 'payloadType'), 'payloadType');
  const payload = decodeTwice(text(member(envelope, 'payload'), 'payload'), 'the payload');
  const list = member(envelope, 'signatures');
  if (!Array.isArray(list) || list.length === 0 || list.length > maxSignatures) {
    throw new Refusal(400, `signatures is not a list of 1 to ${maxSignatures}`);
  }
  const signed = preAuthEncoding(payloadType, payload);
  const searchKeys: string[] = [];
  const signatures = list.map((item: JsonValue) => {
    const signature = object(item, 'a signature');
    const publicKey = text(member(signature, 'publicKey'), 'publicKey');
    const sig = text(member(signature, 'sig'), 'sig');
    const verifier = readVerifier(publicKey);
    if (verifySignature(verifier.key, signed, decodeTwice(sig, 'a signature')) === null)
      throw new Refusal(400, 'a signature of the envelope is not one of the key beside it');
    searchKeys.push(...keysOf(verifier));
    const keyid = member(signature, 'keyid') ?? '';
    return { ...(keyid === '' ? {} : { keyid: text(keyid, 'keyid') }), publicKey, sig };
  });
  const payloadHash = hashKey(payload);
  const statement = { payloadType, payload };
  return canonical(
    'intoto',
    '0.0.2',
    {
      content: {
        envelope: { payloadType, signatures },
        hash: { algorithm: 'sha256', value: envelopeHash(content) },
        payloadHash: { algorithm: 'sha256', value: withoutAlgorithm(payloadHash) },
      },
    },
    [...searchKeys, payloadHash, ...subjectKeys(statement), ...materialKeys(statement)],
  );
}

/**
 * An `intoto` entry, version 0.0.1, as Cosign 1 and 2 make them: an envelope as it is, and the one key that made each of
 * its signatures. Of the envelope, only its hash is logged.
 */
export function firstIntoto(spec: JsonObject): CanonicalEntry {
  const raw = text(member(object(member(spec, 'content'), 'content'), 'envelope'), 'envelope');
  const envelope = readEnvelope(raw);
  const verifier = readVerifier(text(member(spec, 'publicKey'), 'publicKey'));
  matchSignatures(
    envelope,
    [verifier],
    ({ key }, signed, signature) => verifySignature(key, signed, signature) !== null,
  );
  const [hash, payloadHash] = [hashKey(raw), hashKey(envelope.payload)];
  return canonical(
    'intoto',
    '0.0.1',
    {
      content: {
        hash: { algorithm: 'sha256', value: withoutAlgorithm(hash) },
        payloadHash: { algorithm: 'sha256', value: withoutAlgorithm(payloadHash) },
      },
      publicKey: textToBase64(verifier.pem),
    },
    [...keysOf(verifier), hash, payloadHash, ...subjectKeys(envelope), ...materialKeys(envelope)],
  );
}

function envelopeHash(content: JsonObject): string {
  const hash = object(member(content, 'hash'), 'hash');
  const value = text(member(hash, 'value'), 'value of the hash');
  if (member(hash, 'algorithm') !== 'sha256' || !/^[0-9a-f]{64}$/.test(value))
    throw new Refusal(400, 'the hash of the envelope is a SHA-256 in lower case hexadecimal');
  return value;
}

/** Base64 of base64; the outer one in the only form it has, so that one envelope is one entry. */
function decodeTwice(outer: string, what: string): Uint8Array {
  const inner = decodeBase64(outer, what);
  if (encodeBase64(inner) !== outer) throw new Refusal(400, `${what} is not in canonical base64`);
  return decodeBase64(new TextDecoder().decode(inner), what);
}
