import { type Certificate, subjectAltNames } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { readExtensions } from '../certificate/extensions.ts';
import { sigstoreErrors } from '../errors.ts';
import type { TrustedIdentity } from '../trust/identity.ts';
import type { Signer } from '../types.ts';

type IdentitySigner = Extract<Signer, { kind: 'identity' }>;

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
): { readonly identity: TrustedIdentity; readonly signer: IdentitySigner } {
  const { subjects, issuer, extensions } = readSigner(certificate);
  for (const identity of issuer === null ? [] : identities) {
    for (const subject of subjects) {
      const signer: IdentitySigner = { kind: 'identity', subject, issuer: issuer ?? '', extensions };
      if (isIdentity(signer, identity)) return { identity, signer };
    }
  }
  throw sigstoreErrors.error('IDENTITY_MISMATCH', {
    message: 'the signature is by an identity that is not trusted',
    expected: describeIdentities(identities),
    found: printable(`${subjects.join(', ') || 'nobody'}, issuer ${issuer ?? 'none'}`, 500),
  });
}

/**
 * Whom a certificate is for: all of its names of a kind that Fulcio writes, the issuer that vouched for them, and the
 * extensions about them.
 *
 * @throws CERTIFICATE_EXTENSION_INVALID, CERTIFICATE_INVALID
 */
export function readSigner(certificate: Certificate): {
  readonly subjects: readonly string[];
  readonly issuer: string | null;
  readonly extensions: Readonly<Record<string, string>>;
} {
  const subjects = subjectAltNames(certificate)
    .filter((name) => name.kind === 'email' || name.kind === 'uri' || isUserName(name))
    .map((name) => name.value);
  const { issuer, extensions } = readExtensions(certificate);
  return { subjects, issuer, extensions: { ...extensions } };
}

function isUserName(name: ReturnType<typeof subjectAltNames>[number]): boolean {
  return name.kind === 'other' && name.oid === userNameOid;
}

/** True when a verified signer is this identity: its subject, its issuer and every extension that is asked for. */
export function isIdentity(signer: Signer, identity: TrustedIdentity): boolean {
  return (
    signer.kind === 'identity' &&
    identity.issuer.matches(signer.issuer) &&
    identity.subject.matches(signer.subject) &&
    Object.entries(identity.extensions ?? {}).every(
      ([name, matcher]) =>
        Object.hasOwn(signer.extensions, name) && matcher.matches(signer.extensions[name]!),
    )
  );
}

/** An identity for people. */
export function describeIdentity({ subject, issuer, extensions }: TrustedIdentity): string {
  const more = Object.entries(extensions ?? {}).map(([name, { description }]) => `, ${name} ${description}`);
  return `${subject.description}, issuer ${issuer.description}${more.join('')}`;
}

/** The first few: the message of a refusal must not grow with the trust configuration. */
function describeIdentities(identities: readonly TrustedIdentity[]): string {
  const named = identities.slice(0, 5).map(describeIdentity);
  const rest = identities.length > 5 ? ` and ${identities.length - 5} more` : '';
  return printable(named.join('; ') + rest, 500);
}
