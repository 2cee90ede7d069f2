import type { PublicKey, Signer } from '@pratique/crypto';

/** A private key that is somewhere else; `close` gives up sessions and connections, and must have ended before the process. */
export interface ManagedKey extends Signer {
  close(): void | Promise<void>;
}

/** What opening a key may need from whoever runs the program. */
export interface KeyContext {
  /** Addresses, tokens and PINs are in it: COSIGN_PKCS11_*, VAULT_*, AWS_*, GOOGLE_*, AZURE_*, KUBECONFIG, PATH, proxies. */
  readonly environment: NodeJS.ProcessEnv;
  /** Asks a person for the PIN of a token; absent where there is nobody. */
  readonly askPin?: (token: string) => Promise<string>;
  /** Hears that a token waits to be touched. */
  readonly awaitTouch?: (token: string) => void;
  readonly signal?: AbortSignal;
}

/** Where keys of one kind are. `reference` is the whole text, with its scheme. */
export interface KeyProvider {
  /** The key, ready to sign. */
  open(reference: string, context: KeyContext): Promise<ManagedKey>;
  /** Its public half only: asks for no more than that needs. */
  publicKey(reference: string, context: KeyContext): Promise<PublicKey>;
}

/** A key that was made: its public half, and where it is in words. */
export interface CreatedKey {
  readonly publicKey: PublicKey;
  readonly place: string;
}
