export { formatSigningConfig } from './config/format-signing-config.ts';
export { selectServices } from './config/select.ts';
export {
  type ConfiguredService,
  parseSigningConfig,
  type ServiceSelection,
  type SigningConfig,
} from './config/signing-config.ts';
export { sigstoreClientErrors } from './errors.ts';
export { openServices, type Services } from './http/services.ts';
export { type BrowserOptions, logInWithBrowser } from './identity/login/browser.ts';
export type { LoginClient } from './identity/login/client.ts';
export { logInWithSecret } from './identity/login/client-credentials.ts';
export { logInOnDevice } from './identity/login/device.ts';
export {
  ambientProvider,
  identityProviderNames,
  providersOffered,
} from './identity/providers/ambient.ts';
export type { IdentityProvider, LocalSurroundings, Surroundings } from './identity/providers/provider.ts';
export { type IdentityToken, parseIdentityToken } from './identity/token.ts';
export { renewing } from './identity/token-source.ts';
export { type EnvelopeKind, findRekorEntry, rekorEntryAt } from './rekor/v1.ts';
export { type KeylessOptions, keylessSigner } from './signer/keyless.ts';
export { witnessedKeySigner } from './signer/witnessed-key.ts';
export { type Testimony, type Witnesses, witness } from './signer/witnesses.ts';
export { requestTimestamp } from './tsa/request-timestamp.ts';
