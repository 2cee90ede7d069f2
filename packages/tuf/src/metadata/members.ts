import { JsonMembers, type JsonValue } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { tufErrors } from '../errors.ts';

/** Members of an object in metadata. */
export class Members extends JsonMembers {
  constructor(value: JsonValue | undefined, what: string) {
    super(value, what, invalid);
  }
}

export function invalid(message: string) {
  return tufErrors.error('TUF_METADATA_INVALID', {
    message: `the repository’s metadata cannot be read: ${printable(message)}`,
  });
}
