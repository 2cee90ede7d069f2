import { JsonMembers, type JsonValue } from '@pratique/crypto';
import { printable } from '@pratique/errors';
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
