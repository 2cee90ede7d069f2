export { keysErrors } from './errors.ts';
export type { CreatedKey, KeyContext, ManagedKey } from './managed-key.ts';
export { createKey, keyScheme, openKey, openPublicKey } from './open.ts';
export type { Attestation } from './piv/attestation.ts';
export type { Authorities } from './piv/attestation-authorities.ts';
export { openPivToken, type PivToken } from './piv/manage.ts';
export { defaultManagementKey, randomManagementKey } from './piv/management-key.ts';
export { defaultSecrets } from './piv/pin.ts';
export {
  type KeyPolicy,
  pinPolicies,
  type Slot,
  slotNamed,
  touchPolicies,
} from './piv/slots.ts';
export { yubicoAuthorities } from './piv/yubico.ts';
export { listKeys, listTokens, type TokenInfo, type TokenKey } from './pkcs11/list.ts';
