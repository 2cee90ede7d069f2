import { type Certificate, equalBytes } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import type { SigningScheme } from '../envelope/envelope.ts';
import { notationErrors } from '../errors.ts';
import { describeSubject, isSubset, subjectName } from '../trust/distinguished-name.ts';
import { describeIdentities, type TrustStatement } from '../trust/statement.ts';
import type { Chain } from './integrity.ts';

/**
 * The certificate of the trust store that proves the signer, who is one that is trusted (trust-store-trust-policy.md,
 * "Authenticity"). Which store it is, the signing scheme says.
 *
 * @throws NOTATION_SIGNER_UNTRUSTED, NOTATION_IDENTITY_MISMATCH
 */
export function checkAuthenticity(
  chain: Chain,
  scheme: SigningScheme,
  statement: TrustStatement,
): Certificate {
  const store = scheme === 'notary.x509' ? statement.stores.ca : statement.stores.signingAuthority;
  const anchor = chain.find((one) => store.some((trusted) => equalBytes(trusted.der, one.der)));
  if (anchor === undefined) {
    throw notationErrors.error('NOTATION_SIGNER_UNTRUSTED', {
      message: 'no certificate of the signature is in the trust store',
      expected: `a chain with a certificate of the trust store ${scheme === 'notary.x509' ? 'ca' : 'signingAuthority'}`,
      found: printable(`${describeSubject(chain[0])}, root ${describeSubject(chain.at(-1)!)}`, 500),
    });
  }
  checkIdentity(chain[0], statement);
  return anchor;
}

function checkIdentity(leaf: Certificate, statement: TrustStatement): void {
  if (statement.identities === '*') return;
  const subject = subjectName(leaf);
  const comparable = !('problem' in subject);
  if (comparable && statement.identities.some((identity) => isSubset(identity, subject))) return;
  const wanted = describeIdentities(statement);
  const more = wanted.length > 5 ? ` and ${wanted.length - 5} more` : '';
  throw notationErrors.error('NOTATION_IDENTITY_MISMATCH', {
    message: comparable
      ? 'the signature is by a subject that is not trusted'
      : `the subject of the signer cannot be compared: ${subject.problem}`,
    expected: `${wanted.slice(0, 5).join(' or ') || 'an x509.subject, of which the policy has none'}${more}`,
    found: printable(describeSubject(leaf), 500),
  });
}
