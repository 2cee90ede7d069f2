import type { Certificate } from '@pratique/crypto';
import { firstRevocable } from '../certificate/revocation.ts';
import { notationErrors } from '../errors.ts';
import { describeSubject } from '../trust/distinguished-name.ts';

/**
 * That no certificate can be revoked: nobody is asked whether one is, so one that names where to ask is not known to be good.
 *
 * @throws NOTATION_REVOCATION_UNCHECKED
 */
export function checkRevocation(chain: readonly Certificate[], of = 'the signature'): void {
  const revocable = firstRevocable(chain);
  if (revocable === undefined) return;
  throw notationErrors.error('NOTATION_REVOCATION_UNCHECKED', {
    message: `whether the certificate of ${describeSubject(revocable)} behind ${of} was revoked is not looked up`,
    expected: 'certificates that name neither OCSP nor CRLs, or a policy that does not enforce revocation',
    found: 'a certificate that names where its revocation can be asked for',
  });
}
