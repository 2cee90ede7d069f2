import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { type Slot, slotNamed } from './slots.ts';

/** A key in a PIV token. */
export interface PivReference {
  readonly slot: Slot;
  /** Of the token, where there are several. */
  readonly serial: number | undefined;
}

/** Reads `piv:SLOT` and `piv:SLOT?serial=NUMBER`. @throws KEY_REFERENCE_INVALID */
export function parsePivReference(reference: string): PivReference {
  const found = /^piv:([a-z0-9-]{1,40})(?:\?serial=(\d{1,10}))?$/i.exec(reference);
  if (found === null) {
    throw keysErrors.error('KEY_REFERENCE_INVALID', {
      message: 'this names no key in a PIV token',
      expected: 'piv:signature, or piv:signature?serial=NUMBER',
      found: printable(reference, 80),
    });
  }
  const [, slot, serial] = found;
  return { slot: slotNamed(slot!), serial: serial === undefined ? undefined : Number(serial) };
}
