import { createHash } from 'node:crypto';
import {
  type Certificate,
  contextTag,
  decodeBase64,
  derWriter,
  encodeBase64,
  type JsonObject,
  type JsonValue,
  olpcJson,
  type PublicKey,
  parseCertificate,
  parsePem,
  parsePublicKey,
  readDer,
  type SignatureScheme,
  tags,
  verifySignature,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { invalid, Members, readable } from './members.ts';

/** A key that signs trust data. */
export interface NotaryKey {
  /** Of the key as it stands in the metadata, of a certificate where it is one. */
  readonly id: string;
  /** Of the public key alone, whatever certificate it is in: what its file is called, and what `docker trust inspect` prints of signers. */
  readonly canonicalId: string;
  readonly publicKey: PublicKey;
  /** The signer's first, then those above it; empty for a bare key, and where one is not of version 3 of X.509. */
  readonly certificates: readonly Certificate[];
}

const maxPublicLength = 64 * 1024;
const maxCertificates = 8;

/** DER before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410 §4). */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Key types of Notary, with the algorithm that goes with them. */
const types: Readonly<Record<string, { readonly algorithm: string; readonly certificate: boolean }>> = {
  ecdsa: { algorithm: 'ecdsa', certificate: false },
  rsa: { algorithm: 'rsa', certificate: false },
  ed25519: { algorithm: 'ed25519', certificate: false },
  'ecdsa-x509': { algorithm: 'ecdsa', certificate: true },
  'rsa-x509': { algorithm: 'rsa', certificate: true },
};

/** Methods of signatures, in lower case: hashes are SHA-256 on every curve, and salts of PSS as long as that. */
const methods: Readonly<Record<string, { readonly algorithm: string; readonly scheme: SignatureScheme }>> = {
  ecdsa: { algorithm: 'ecdsa', scheme: 'ecdsa-sha256' },
  eddsa: { algorithm: 'ed25519', scheme: 'ed25519' },
  rsapss: { algorithm: 'rsa', scheme: 'rsa-pss-sha256' },
  rsapkcs1v15: { algorithm: 'rsa', scheme: 'rsa-pkcs1v15-sha256' },
};

/**
 * Reads a key. Its id must be what its content comes to: pins name keys by it.
 *
 * @returns null for one of a type that is not known here or that is damaged, which then verifies nothing
 * @throws NOTARY_METADATA_INVALID
 */
export function parseKey(id: string, value: JsonValue): NotaryKey | null {
  const key = new Members(value, `the key ${id}`);
  const type = key.text('keytype');
  const encoded = key.object('keyval').value('public');
  if (typeof encoded !== 'string' || encoded.length > maxPublicLength)
    throw invalid(`the key ${id} has no content`);
  if (readable(() => keyId(type, encoded)) !== id)
    throw invalid(`the key ${id} is filed under an id that is not its own`);
  const known = Object.hasOwn(types, type) ? types[type] : undefined;
  if (known === undefined) return null;
  try {
    const bytes = decodeBase64(encoded, 'a key');
    const chain = known.certificate ? readChain(bytes) : [];
    const publicKey = parsePublicKey(
      known.certificate ? keyInside(chain[0]!) : withPrefix(known.algorithm, bytes),
    );
    if (!publicKey.algorithm.startsWith(known.algorithm)) return null;
    const canonicalId = known.certificate ? keyId(known.algorithm, encodeBase64(publicKey.spki)) : id;
    return { id, canonicalId, publicKey, certificates: readCertificates(chain) };
  } catch (error) {
    if (error instanceof PratiqueError) return null;
    throw error;
  }
}

/** The id of a key: the SHA-256 of its canonical JSON, in which the private half stands as null. */
export function keyId(type: string, encoded: string): string {
  const value: JsonObject = { keytype: type, keyval: { private: null, public: encoded } };
  return createHash('sha256').update(olpcJson(value)).digest('hex');
}

/** Certificates as DER, the signer's first. */
function readChain(bytes: Uint8Array): readonly Uint8Array[] {
  const blocks = parsePem(new TextDecoder().decode(bytes), 'a certificate').filter(
    ({ label }) => label === 'CERTIFICATE',
  );
  if (blocks.length === 0 || blocks.length > maxCertificates)
    throw invalid('a key is no chain of certificates');
  return blocks.map(({ bytes: der }) => der);
}

/**
 * The SubjectPublicKeyInfo in a certificate of whatever version: what Docker's manual has people make for delegations is of
 * version 1, and is only a key.
 */
function keyInside(der: Uint8Array): Uint8Array {
  const body = readDer(der).nested();
  body.optionalNested(contextTag(0, true));
  body.integer();
  // The algorithm, the issuer, the validity and the subject.
  for (let part = 0; part < 4; part++) body.element(tags.sequence);
  return body.element(tags.sequence).bytes;
}

/** Only what can be read as a whole says for whom it is, and who issued it. */
function readCertificates(chain: readonly Uint8Array[]): readonly Certificate[] {
  try {
    return chain.map((der) => parseCertificate(der));
  } catch (error) {
    if (error instanceof PratiqueError) return [];
    throw error;
  }
}

function withPrefix(algorithm: string, bytes: Uint8Array): Uint8Array {
  return algorithm === 'ed25519' ? Buffer.concat([ed25519Prefix, bytes]) : bytes;
}

/** Whether the key made the signature by the method that it names. */
export function verifyWith(
  { publicKey }: NotaryKey,
  method: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  const known = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (known === undefined) return false;
  const encoded = known.algorithm === 'ecdsa' ? toDer(signature, publicKey.bits) : signature;
  return encoded !== null && verifySignature(publicKey, bytes, encoded, [known.scheme]) !== null;
}

/** ECDSA signatures of Notary are both numbers in full length, one after the other; elsewhere they are DER. */
function toDer(signature: Uint8Array, bits: number): Uint8Array | null {
  const length = Math.ceil(bits / 8);
  if (signature.byteLength !== 2 * length) return null;
  const number = (from: number) => derWriter.unsignedInteger(signature.subarray(from, from + length));
  return derWriter.sequence(number(0), number(length));
}
