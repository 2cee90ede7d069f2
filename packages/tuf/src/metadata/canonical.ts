import { type JsonValue, olpcJson } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { tufErrors } from '../errors.ts';

/**
 * The bytes of metadata that are signed (specification §4.1).
 *
 * @throws TUF_METADATA_INVALID for what has no signed form
 */
export function signedBytes(value: JsonValue): Uint8Array {
  try {
    return new TextEncoder().encode(olpcJson(value));
  } catch (error) {
    if (error instanceof PratiqueError)
      throw tufErrors.error('TUF_METADATA_INVALID', { message: error.message });
    throw error;
  }
}
