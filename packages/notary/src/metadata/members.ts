import { JsonMembers, type JsonValue } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { notaryErrors } from '../errors.ts';

/** Members of an object in trust data. Go writes `null` for lists and maps that are empty. */
export class Members extends JsonMembers {
  constructor(value: JsonValue | undefined, what: string) {
    super(value, what, invalid);
  }
}

export function invalid(message: string) {
  return notaryErrors.error('NOTARY_METADATA_INVALID', {
    message: `the trust data cannot be read: ${printable(message)}`,
  });
}

/** What is read, or the refusal of what has no such encoding. @throws NOTARY_METADATA_INVALID */
export function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PratiqueError && error.code === 'ENCODING_INVALID') throw invalid(error.message);
    throw error;
  }
}
