import { randomInt } from 'node:crypto';
import type { PublicKey } from '@pratique/crypto';
import { keysErrors } from '../errors.ts';
import type { KeyContext } from '../managed-key.ts';
import { failed, status } from './apdu.ts';
import { type Attestation, verifiedAttestation } from './attestation.ts';
import type { Authorities } from './attestation-authorities.ts';
import { generateInSlot } from './generate.ts';
import { authenticate, replaceManagementKey } from './management-key.ts';
import { blockSecrets, changeSecret, type Secret, unblockPin } from './pin.ts';
import { certificateAt } from './public-key.ts';
import type { KeyPolicy, Slot } from './slots.ts';
import { openToken, tokenName } from './token.ts';

const resetApplication = 0xfb;

/** A PIV token whose keys and secrets are looked after. Every PIN, PUK and key that is given is tried once. */
export interface PivToken {
  /** For people. */
  readonly name: string;
  /** @throws PIV_PIN_…, PIV_FAILED */
  changeSecret(secret: Secret, current: string, next: string): Promise<void>;
  /** Sets another PIN with the PUK. @throws PIV_PIN_…, PIV_FAILED */
  unblock(puk: string, next: string): Promise<void>;
  /** @throws PIV_MANAGEMENT_KEY_…, PIV_FAILED */
  setManagementKey(current: Uint8Array, next: Uint8Array): Promise<void>;
  /** Makes a key, in place of the one that is there. @throws PIV_MANAGEMENT_KEY_…, PIV_FAILED, PIV_APPLICATION_MISSING */
  generateKey(managementKey: Uint8Array, slot: Slot, policy: KeyPolicy): Promise<PublicKey>;
  /**
   * @param made what the token said is in the slot: it must be that key which is attested
   * @throws KEY_NOT_FOUND, PIV_ATTESTATION_INVALID, PIV_FAILED
   */
  attestation(slot: Slot, authorities: Authorities, made?: PublicKey): Promise<Attestation>;
  /** Makes the PIV application as new, without keys. @throws PIV_FAILED */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the one PIV token, or the one with this serial number. Throws what opening a `piv:` key throws. */
export async function openPivToken(serial: number | undefined, context: KeyContext): Promise<PivToken> {
  const token = await openToken(serial, context);
  return {
    name: tokenName(token),
    close: () => token.close(),
    changeSecret: (secret, current, next) =>
      token.use((exchange) => changeSecret(exchange, secret, current, next)),
    unblock: (puk, next) => token.use((exchange) => unblockPin(exchange, puk, next)),
    setManagementKey: (current, next) =>
      token.use(async (exchange) => {
        await authenticate(exchange, current);
        await replaceManagementKey(exchange, token.version, next);
      }),
    async generateKey(managementKey, slot, policy) {
      if (token.version === null) throw notYubiKey(tokenName(token));
      return await token.use(async (exchange) => {
        await authenticate(exchange, managementKey);
        return await generateInSlot(exchange, slot, policy);
      });
    },
    attestation: (slot, authorities, made) =>
      token.use((exchange) =>
        verifiedAttestation(
          exchange,
          slot,
          (object) => certificateAt(exchange, object),
          authorities,
          new Date(),
          made,
        ),
      ),
    reset: () =>
      token.use(async (exchange) => {
        await blockSecrets(exchange, String(randomInt(10_000_000, 100_000_000)));
        const answer = await exchange({ instruction: resetApplication });
        if (answer.status !== status.ok) throw failed('reset itself', answer);
      }),
  };
}

function notYubiKey(found: string) {
  return keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
    message: 'this token does not keep the public half of a key that is made in it, nor policies of keys',
    expected: 'a YubiKey',
    found,
    remedy:
      'Make the key with the tools of its maker and put its certificate into the slot: --sk signs with it.',
  });
}
