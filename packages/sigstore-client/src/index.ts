export { selectServices } from './config/select.ts';
export {
  type ConfiguredService,
  parseSigningConfig,
  type ServiceSelection,
  type SigningConfig,
} from './config/signing-config.ts';
export { sigstoreClientErrors } from './errors.ts';
export { openServices, type Services } from './http/services.ts';
export { type IdentityToken, parseIdentityToken } from './identity/token.ts';
export { type KeylessOptions, keylessSigner } from './signer/keyless.ts';
export { witnessedKeySigner } from './signer/witnessed-key.ts';
export type { Witnesses } from './signer/witnesses.ts';
