import type { PublicKey } from './public-key.ts';

/** Whoever holds a private key and signs with it: this process, a token, a service. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** Signs with the first scheme of the key's algorithm (`defaultSchemes`), in the form `verifySignature` takes. */
  sign(data: Uint8Array, signal?: AbortSignal): Uint8Array | Promise<Uint8Array>;
}
