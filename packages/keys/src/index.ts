export { keysErrors } from './errors.ts';
export type { CreatedKey, KeyContext, ManagedKey } from './managed-key.ts';
export { createKey, keyScheme, openKey, openPublicKey } from './open.ts';
export { listKeys, listTokens, type TokenInfo, type TokenKey } from './pkcs11/list.ts';
