import {
  canonicalJson,
  decodeBase64,
  encodeBase64,
  formatPem,
  formatPublicKey,
  type JsonObject,
  type PublicKey,
  parseCertificate,
  parsePem,
  parsePublicKey,
} from '@pratique/crypto';
import { Refusal } from '../http/refusal.ts';
import { hashKey, nameKeys } from '../search/keys.ts';

/** An entry fit to be logged: its signature was verified. */
export interface CanonicalEntry {
  /** RFC 8785: the bytes of the leaf. */
  readonly body: Uint8Array;
  /** What it can be found by: `sha256:…` of content and keys, names in certificates. */
  readonly searchKeys: readonly string[];
}

/** A key or certificate that an entry names. */
export interface Verifier {
  readonly key: PublicKey;
  /** PEM in the one form that entries have. */
  readonly pem: string;
  readonly names: readonly string[];
}

/** What fits into an entry bundle of C2SP `tlog-tiles`. */
const maxBodyBytes = 65_535;

/** @throws Refusal 400 for an entry that would not fit */
export function canonical(
  kind: string,
  apiVersion: string,
  spec: JsonObject,
  searchKeys: readonly string[],
): CanonicalEntry {
  const body = new TextEncoder().encode(canonicalJson({ apiVersion, kind, spec }));
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
export function keysOf({ pem, names }: Verifier): string[] {
  return [hashKey(pem), ...names];
}

/** Text in base64, as keys stand in entries. */
export function textToBase64(text: string): string {
  return encodeBase64(new TextEncoder().encode(text));
}

/** A hash of the search index without its algorithm. */
export function withoutAlgorithm(hash: string): string {
  return hash.slice(hash.indexOf(':') + 1);
}
