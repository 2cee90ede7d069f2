import { type Certificate, subjectAltNames } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { type FulcioExtensions, readExtensions } from '../certificate/extensions.ts';
import { sigstoreErrors } from '../errors.ts';
import type { TrustedIdentity } from '../trust/identity.ts';
import type { Signer } from '../types.ts';

/** User names (`name!domain`), the one kind of OtherName that Fulcio writes. */
const userNameOid = '1.3.6.1.4.1.57264.1.7';

/**
 * The trusted identity a certificate is for: its issuer, any one of its names, and every extension that is asked for.
 *
 * @throws IDENTITY_MISMATCH, CERTIFICATE_EXTENSION_INVALID, CERTIFICATE_INVALID
 */
export function checkIdentity(
  certificate: Certificate,
  identities: readonly TrustedIdentity[],
): { readonly identity: TrustedIdentity; readonly signer: Extract<Signer, { kind: 'identity' }> } {
  const subjects = subjectAltNames(certificate)
    .filter((name) => name.kind === 'email' || name.kind === 'uri' || isUserName(name))
    .map((name) => name.value);
  const fulcio = readExtensions(certificate);
  for (const identity of identities) {
    const subject = subjects.find((name) => identity.subject.matches(name));
    if (subject === undefined || !matches(identity, fulcio)) continue;
    const issuer = fulcio.issuer ?? '';
    return { identity, signer: { kind: 'identity', subject, issuer, extensions: present(fulcio) } };
  }
  throw sigstoreErrors.error('IDENTITY_MISMATCH', {
    message: 'the signature is by an identity that is not trusted',
    expected: describeIdentities(identities),
    found: printable(`${subjects.join(', ') || 'nobody'}, issuer ${fulcio.issuer ?? 'none'}`, 500),
  });
}

function isUserName(name: ReturnType<typeof subjectAltNames>[number]): boolean {
  return name.kind === 'other' && name.oid === userNameOid;
}

function matches(identity: TrustedIdentity, { issuer, extensions }: FulcioExtensions): boolean {
  if (issuer === null || !identity.issuer.matches(issuer)) return false;
  return Object.entries(identity.extensions ?? {}).every(([name, matcher]) => {
    const value = Object.entries(extensions).find(([candidate]) => candidate === name)?.[1];
    return value !== undefined && matcher.matches(value);
  });
}

function present({ extensions }: FulcioExtensions): Readonly<Record<string, string>> {
  return { ...extensions };
}

/** The first few: the message of a refusal must not grow with the trust configuration. */
function describeIdentities(identities: readonly TrustedIdentity[]): string {
  const named = identities.slice(0, 5).map(({ subject, issuer, extensions }) => {
    const more = Object.entries(extensions ?? {}).map(
      ([name, { description }]) => `, ${name} ${description}`,
    );
    return `${subject.description}, issuer ${issuer.description}${more.join('')}`;
  });
  const rest = identities.length > 5 ? ` and ${identities.length - 5} more` : '';
  return printable(named.join('; ') + rest, 500);
}
