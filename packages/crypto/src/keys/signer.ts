import type { PublicKey } from './public-key.ts';

/** Whoever holds a private key and signs with it: this process, a token, a service. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** Signs with the first scheme of the key's algorithm (`defaultSchemes`), in the form `verifySignature` takes. */
  sign(data: Uint8Array, signal?: AbortSignal): Uint8Array | Promise<Uint8Array>;
  /**
   * Ed25519ph over `data` (RFC 8032 §5.1), for an Ed25519 key that can: logs of hashes have nothing else to verify it by.
   */
  signPrehashed?(data: Uint8Array): Uint8Array;
}
