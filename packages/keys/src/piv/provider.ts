import { PratiqueError } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import type { KeyContext, KeyProvider, ManagedKey } from '../managed-key.ts';
import { reopening } from '../reopen.ts';
import { verifyPin } from './pin.ts';
import { keyInSlot } from './public-key.ts';
import { signInSlot } from './sign.ts';
import { openToken, type Token, tokenName } from './token.ts';
import { type PivReference, parsePivReference } from './uri.ts';

type PinSource = ReturnType<typeof pinFor>;

/** Keys in the slots of PIV tokens: YubiKeys, and cards with certificates in their slots. */
export const pivKeys: KeyProvider = {
  async open(reference, context) {
    const named = parsePivReference(reference);
    const pin = pinFor(context);
    return await reopening(() => openSlot(named, pin, context));
  },

  /** Without a PIN: tokens show public keys and certificates to everybody. */
  async publicKey(reference, context) {
    const { slot, serial } = parsePivReference(reference);
    const token = await openToken(serial, context);
    try {
      return (await token.use((exchange) => keyInSlot(exchange, slot))).publicKey;
    } finally {
      await token.close();
    }
  },
};

/** The key in a slot, on a connection of its own. */
async function openSlot(
  { slot, serial }: PivReference,
  pin: PinSource,
  context: KeyContext,
): Promise<ManagedKey> {
  const token = await openToken(serial, context);
  try {
    const key = await token.use((exchange) => keyInSlot(exchange, slot));
    return {
      publicKey: key.publicKey,
      close: () => token.close(),
      async sign(data) {
        const given = key.policy.pin === 'never' ? undefined : await pin.get(token);
        return await token.use(async (exchange) => {
          if (given !== undefined) await pin.once(() => verifyPin(exchange, given));
          if (key.policy.touch !== 'never') context.awaitTouch?.(tokenName(token));
          return await signInSlot(exchange, slot, key, data);
        });
      },
    };
  } catch (error) {
    await token.close();
    throw error;
  }
}

/** The PIN of a token: PRATIQUE_PIV_PIN, else a person is asked, once. One that was refused is not tried again. */
function pinFor({ environment, askPin }: KeyContext) {
  let asked: Promise<string> | undefined;
  let refused: unknown;
  return {
    async get(token: Token): Promise<string> {
      if (refused !== undefined) throw refused;
      const given = environment['PRATIQUE_PIV_PIN'];
      if (given) return given;
      if (askPin === undefined) {
        throw keysErrors.error('PIV_PIN_MISSING', {
          message: `the token in ${tokenName(token)} wants its PIN`,
          expected: 'PRATIQUE_PIV_PIN',
        });
      }
      asked ??= askPin(tokenName(token));
      return await asked;
    },
    /** Others that wait for the token have the same PIN: they do not try it after it was refused. */
    async once(attempt: () => Promise<void>): Promise<void> {
      if (refused !== undefined) throw refused;
      try {
        await attempt();
      } catch (error) {
        if (error instanceof PratiqueError && error.code.startsWith('PIV_PIN_')) refused = error;
        throw error;
      }
    },
  };
}
