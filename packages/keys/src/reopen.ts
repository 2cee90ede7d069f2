import { PratiqueError } from '@pratique/errors';
import { keysErrors } from './errors.ts';
import type { ManagedKey } from './managed-key.ts';
import { hungUp } from './pcsc/messages.ts';

/** Return values that say, by code: the token was taken out, or the session is over, whatever the key. */
const lost: Readonly<Record<string, readonly string[]>> = {
  PKCS11_FAILED: [
    'CKR_DEVICE_REMOVED',
    'CKR_KEY_HANDLE_INVALID',
    'CKR_OBJECT_HANDLE_INVALID',
    'CKR_SESSION_CLOSED',
    'CKR_SESSION_HANDLE_INVALID',
    'CKR_TOKEN_NOT_PRESENT',
    'CKR_USER_NOT_LOGGED_IN',
  ],
  PIV_SERVICE_FAILED: [
    'SCARD_E_INVALID_HANDLE',
    'SCARD_E_NO_SMARTCARD',
    'SCARD_E_READER_UNAVAILABLE',
    'SCARD_W_REMOVED_CARD',
    hungUp,
  ],
};

/**
 * A key whose session is opened again, once a signature, where the token ended it: it was taken out and put back. A PIN
 * that is refused then is not tried again, as tokens lock.
 *
 * @param open opens the key anew, session and all
 */
export async function reopening(open: () => Promise<ManagedKey>): Promise<ManagedKey> {
  const first = await open();
  /** Never used again once it is lost: its handles may be somebody else's by then. */
  let current: ManagedKey | undefined = first;
  let opening: Promise<ManagedKey> | undefined;
  let refusal: unknown;
  let isClosed = false;

  async function reopen(): Promise<ManagedKey> {
    const key = await open();
    const isSame = key.publicKey.fingerprint === first.publicKey.fingerprint;
    if (isSame && !isClosed) {
      current = key;
      return key;
    }
    await key.close();
    throw keysErrors.error('KEY_NOT_FOUND', {
      message: isSame ? 'the key is closed' : 'the token that came back has another key of this name',
      expected: first.publicKey.fingerprint,
      found: key.publicKey.fingerprint,
    });
  }

  /** The key, opened again where it is lost; by all that wait for it together. */
  function usable(): ManagedKey | Promise<ManagedKey> {
    if (current !== undefined) return current;
    if (refusal !== undefined) throw refusal;
    opening ??= reopen()
      .catch((error: unknown) => {
        if (error instanceof PratiqueError && error.code === 'PKCS11_PIN_REFUSED') refusal = error;
        throw error;
      })
      .finally(() => {
        opening = undefined;
      });
    return opening;
  }

  return {
    publicKey: first.publicKey,
    close: () => {
      isClosed = true;
      return current?.close();
    },
    async sign(data, signal) {
      const key = await usable();
      try {
        return await key.sign(data, signal);
      } catch (error) {
        if (isClosed || !isLost(error)) throw error;
        if (current === key) {
          current = undefined;
          await key.close();
        }
        return await (await usable()).sign(data, signal);
      }
    },
  };
}

function isLost(error: unknown): boolean {
  return error instanceof PratiqueError && lost[error.code]?.includes(error.found ?? '') === true;
}
