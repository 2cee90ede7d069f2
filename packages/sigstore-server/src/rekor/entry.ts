import {
  canonicalJson,
  decodeBase64,
  encodeBase64,
  formatPem,
  formatPublicKey,
  type HashAlgorithm,
  type JsonObject,
  type JsonValue,
  type PublicKey,
  parseCertificate,
  parseEnvelope,
  parseJson,
  parsePem,
  parsePublicKey,
  preAuthEncoding,
  verifyDigestSignature,
  verifySignature,
} from '@pratique/crypto';
import { fromClient, Refusal } from '../http/refusal.ts';
import { member, object, text } from '../http/request.ts';
import { hashKey, nameKeys, subjectKeys } from '../search/keys.ts';

/** An entry fit to be logged: its signature was verified. */
export interface CanonicalEntry {
  /** RFC 8785: the bytes of the leaf. */
  readonly body: Uint8Array;
  /** What it can be found by: `sha256:…` of content and keys, names in certificates. */
  readonly searchKeys: readonly string[];
}

interface Verifier {
  readonly key: PublicKey;
  /** PEM in the one form that entries have. */
  readonly pem: string;
  readonly names: readonly string[];
}

const maxVerifiers = 16;
/** What fits into an entry bundle of C2SP `tlog-tiles`. */
const maxBodyBytes = 65_535;

/**
 * Reads a proposed entry of Rekor v1 (`hashedrekord` or `dsse`, version 0.0.1), verifies its signatures and brings it
 * into the form that is logged. Keys are taken from the entry only, never fetched.
 *
 * @throws Refusal 400 for anything that is not such an entry, or whose signature does not verify
 */
export function canonicalEntry(proposed: JsonObject): CanonicalEntry {
  const kind = text(member(proposed, 'kind'), 'kind');
  const version = text(member(proposed, 'apiVersion'), 'apiVersion');
  const spec = object(member(proposed, 'spec'), 'spec');
  if (version === '0.0.1') {
    if (kind === 'hashedrekord') return fromClient(() => hashedRekord(spec));
    if (kind === 'dsse') return fromClient(() => dsse(spec));
  }
  throw new Refusal(400, 'entries are of kind hashedrekord 0.0.1 or dsse 0.0.1');
}

function hashedRekord(spec: JsonObject): CanonicalEntry {
  const hash = object(member(object(member(spec, 'data'), 'data'), 'hash'), 'hash');
  const algorithm = text(member(hash, 'algorithm'), 'algorithm');
  const value = text(member(hash, 'value'), 'value');
  if (!isHash(algorithm)) throw new Refusal(400, 'the hash is SHA-256, SHA-384 or SHA-512');
  if (!/^[0-9a-f]+$/.test(value)) throw new Refusal(400, 'the hash is in lower case hexadecimal');
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
    {
      data: { hash: { algorithm, value } },
      signature: { content, publicKey: { content: toBase64(verifier.pem) } },
    },
    [...keysOf(verifier), `${algorithm}:${value}`],
  );
}

function dsse(spec: JsonObject): CanonicalEntry {
  const proposed = object(member(spec, 'proposedContent'), 'proposedContent');
  const raw = text(member(proposed, 'envelope'), 'envelope');
  const envelope = parseEnvelope(parseJson(new TextEncoder().encode(raw), 'the envelope'));
  const list = member(proposed, 'verifiers');
  if (!Array.isArray(list) || list.length === 0 || list.length > maxVerifiers) {
    throw new Refusal(400, `verifiers is not a list of 1 to ${maxVerifiers}`);
  }
  const verifiers = list.map((item: JsonValue) => readVerifier(text(item, 'a verifier')));
  if (envelope.signatures.length === 0) throw new Refusal(400, 'the envelope has no signature');
  const signed = preAuthEncoding(envelope.payloadType, envelope.payload);
  const used = new Set<Verifier>();
  const signatures = envelope.signatures.map(({ signature }) => {
    const verifier = verifiers.find(({ key }) => verifySignature(key, signed, signature) !== null);
    if (verifier === undefined)
      throw new Refusal(400, 'a signature of the envelope verifies with none of the keys');
    used.add(verifier);
    return { signature: encodeBase64(signature), verifier: toBase64(verifier.pem) };
  });
  if (used.size < verifiers.length) throw new Refusal(400, 'a verifier signed nothing');
  const payloadHash = hashKey(envelope.payload);
  const envelopeHash = hashKey(raw);
  return canonical(
    'dsse',
    {
      envelopeHash: { algorithm: 'sha256', value: withoutAlgorithm(envelopeHash) },
      payloadHash: { algorithm: 'sha256', value: withoutAlgorithm(payloadHash) },
      signatures: signatures.toSorted((a, b) => (a.signature < b.signature ? -1 : 1)),
    },
    [...verifiers.flatMap(keysOf), payloadHash, envelopeHash, ...subjectKeys(envelope)],
  );
}

function canonical(kind: string, spec: JsonObject, searchKeys: readonly string[]): CanonicalEntry {
  const body = new TextEncoder().encode(canonicalJson({ apiVersion: '0.0.1', kind, spec }));
  if (body.byteLength > maxBodyBytes)
    throw new Refusal(400, 'the entry is too large: its keys or certificates are');
  return { body, searchKeys };
}

/** A key or certificate in base64 of PEM. */
export function readVerifier(encoded: string): Verifier {
  const given = new TextDecoder().decode(decodeBase64(encoded, 'a public key'));
  const [block] = parsePem(given, 'a public key');
  if (block.label !== 'CERTIFICATE') {
    const key = parsePublicKey(given);
    return { key, pem: formatPublicKey(key), names: [] };
  }
  const certificate = parseCertificate(block.bytes);
  const pem = formatPem('CERTIFICATE', block.bytes);
  return { key: certificate.publicKey, pem, names: nameKeys(certificate) };
}

/** Rekor's index has the hash of the key or certificate as PEM, and the names in the certificate. */
function keysOf({ pem, names }: Verifier): string[] {
  return [hashKey(pem), ...names];
}

function isHash(name: string): name is HashAlgorithm {
  return name === 'sha256' || name === 'sha384' || name === 'sha512';
}

function toBase64(pem: string): string {
  return encodeBase64(new TextEncoder().encode(pem));
}

function withoutAlgorithm(hash: string): string {
  return hash.slice(hash.indexOf(':') + 1);
}
