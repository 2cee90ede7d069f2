import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';

/** Where a PIV token has a key, and the certificate of it (SP 800-73-4 part 1, §4.3 and table 4b). */
export interface Slot {
  readonly name: string;
  /** The key's reference. */
  readonly key: number;
  /** The tag of the data object that holds its certificate. */
  readonly certificate: number;
  /** What keys of this slot ask for, unless told otherwise when they are made: as cosign has it. */
  readonly policy: KeyPolicy;
}

export const pinPolicies = ['never', 'once', 'always'] as const;
/** In the order of their numbers on YubiKeys. */
export const touchPolicies = ['never', 'always', 'cached'] as const;

export type PinPolicy = (typeof pinPolicies)[number];
export type TouchPolicy = (typeof touchPolicies)[number];

/** What using a key asks for. */
export interface KeyPolicy {
  readonly pin: PinPolicy;
  readonly touch: TouchPolicy;
}

export const slots: readonly Slot[] = [
  {
    name: 'authentication',
    key: 0x9a,
    certificate: 0x5fc105,
    policy: { pin: 'once', touch: 'cached' },
  },
  {
    name: 'signature',
    key: 0x9c,
    certificate: 0x5fc10a,
    policy: { pin: 'always', touch: 'always' },
  },
  {
    name: 'key-management',
    key: 0x9d,
    certificate: 0x5fc10b,
    policy: { pin: 'once', touch: 'cached' },
  },
  {
    name: 'card-authentication',
    key: 0x9e,
    certificate: 0x5fc101,
    policy: { pin: 'never', touch: 'never' },
  },
];

/** Where YubiKeys have the certificate that their attestations are signed with. */
export const attestationCertificate = 0x5fff01;

/** A slot by cosign's name for it, or by its number. @throws KEY_REFERENCE_INVALID */
export function slotNamed(name: string): Slot {
  const slot = slots.find((one) => one.name === name || one.key.toString(16) === name.toLowerCase());
  if (slot !== undefined) return slot;
  throw keysErrors.error('KEY_REFERENCE_INVALID', {
    message: 'a PIV token has no such slot',
    expected: slots.map((one) => `${one.name} (${one.key.toString(16)})`).join(', '),
    found: printable(name, 40),
  });
}
