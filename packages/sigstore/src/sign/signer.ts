import {
  type HashAlgorithm,
  type PublicKey,
  preAuthEncoding,
  type Signer,
  signatureHash,
} from '@pratique/crypto';
import type { LogEntry } from '../bundle/bundle.ts';
import type { Trust } from '../trust/trust.ts';

/** What is to be signed: bytes as they are, or the payload of a DSSE envelope. */
export type SigningContent =
  | { readonly form: 'message'; readonly bytes: Uint8Array }
  | { readonly form: 'envelope'; readonly payloadType: string; readonly payload: Uint8Array };

/** A signature, with what proves who made it and when. */
export interface Signed {
  readonly content: SigningContent;
  readonly signature: Uint8Array;
  readonly key: PublicKey;
  /** Signed with Ed25519ph: what was signed is named by its SHA-512, as every log of hashes wants it of Ed25519. */
  readonly prehashed?: boolean;
  /** What vouches for the key, DER; null where verifiers have to know the key itself. */
  readonly certificate: {
    readonly leaf: Uint8Array;
    /** Its issuers up to the root: only the tag-based format carries them. */
    readonly issuers: readonly Uint8Array[];
  } | null;
  readonly logEntries: readonly LogEntry[];
  /** RFC 3161 TimeStampResp, DER. */
  readonly timestamps: readonly Uint8Array[];
  /** What the signature must verify under before anybody else sees it. */
  readonly trust: Trust;
}

export interface SignRequest {
  /** What the authorities stamp: the signature, or other bytes made of it. Default: the signature. */
  readonly stamped?: (signature: Uint8Array) => Uint8Array;
  readonly signal?: AbortSignal;
}

/** Whoever signs: a key, or an identity with a certificate for a moment; with or without witnesses. */
export interface ContentSigner {
  sign(content: SigningContent, request?: SignRequest): Promise<Signed>;
}

/** The hash that names what was signed, in bundles and in logs. */
export function namingHash({ key, prehashed }: Pick<Signed, 'key' | 'prehashed'>): HashAlgorithm {
  return prehashed === true ? 'sha512' : signatureHash(key);
}

/** The bytes the signature is over. */
export function signedBytes(content: SigningContent): Uint8Array {
  return content.form === 'message' ? content.bytes : preAuthEncoding(content.payloadType, content.payload);
}

/** Signs with a key, and nobody witnesses it: verifiers need the public key and take their own time for the signature's. */
export function keySigner(key: Signer): ContentSigner {
  const { publicKey } = key;
  return {
    sign: async (content, { signal } = {}) => ({
      content,
      signature: await key.sign(signedBytes(content), signal),
      key: publicKey,
      certificate: null,
      logEntries: [],
      timestamps: [],
      trust: { keys: [{ name: publicKey.fingerprint, key: publicKey }], logs: [] },
    }),
  };
}
