import {
  isJsonObject,
  type JsonValue,
  type PublicKey,
  parsePublicKey,
  verifySignature,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';

/** Schemes by name (specification §4.2), with the key types that go with them: the second one of ECDSA is an old name. */
const schemes = {
  ed25519: { types: ['ed25519'], scheme: 'ed25519', algorithm: 'ed25519' },
  'ecdsa-sha2-nistp256': {
    types: ['ecdsa', 'ecdsa-sha2-nistp256'],
    scheme: 'ecdsa-sha256',
    algorithm: 'ecdsa-p256',
  },
  'ecdsa-sha2-nistp384': {
    types: ['ecdsa', 'ecdsa-sha2-nistp384'],
    scheme: 'ecdsa-sha384',
    algorithm: 'ecdsa-p384',
  },
  'rsassa-pss-sha256': { types: ['rsa'], scheme: 'rsa-pss-sha256', algorithm: 'rsa' },
} as const;

/** DER before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410 §4). */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

/** A key that signs metadata. */
export interface MetadataKey {
  /** The same for the same key, whatever key id stands for it: a threshold counts keys. */
  readonly fingerprint: string;
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** Reads a key; null for one of a type that is not known here or that is damaged, which then verifies nothing. */
export function parseMetadataKey(value: JsonValue): MetadataKey | null {
  if (!isJsonObject(value) || !isJsonObject(value.keyval)) return null;
  const { public: text } = value.keyval;
  const known = schemes[String(value.scheme) as keyof typeof schemes];
  if (known === undefined || typeof text !== 'string') return null;
  if (!known.types.some((type) => type === value.keytype)) return null;
  const key = publicKey(text, known.algorithm === 'ed25519');
  if (key?.algorithm !== known.algorithm) return null;
  return {
    fingerprint: key.fingerprint,
    verify: (bytes, signature) => verifySignature(key, bytes, signature, [known.scheme]) !== null,
  };
}

function publicKey(text: string, raw: boolean): PublicKey | null {
  if (raw && !/^[0-9a-f]{64}$/i.test(text)) return null;
  try {
    return parsePublicKey(raw ? Buffer.concat([ed25519Prefix, Buffer.from(text, 'hex')]) : text);
  } catch (error) {
    if (error instanceof PratiqueError) return null;
    throw error;
  }
}
