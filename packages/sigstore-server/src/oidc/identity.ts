import { isJsonObject, type JsonValue } from '@pratique/crypto';
import type { JWTPayload } from 'jose';
import { Refusal } from '../http/refusal.ts';
import type { CiProvider } from './ci-provider.ts';
import type { Issuer } from './issuers.ts';
import type { Lookup } from './template.ts';

/** Whom a certificate is for. */
export interface Identity {
  readonly issuer: string;
  readonly name: { readonly type: 'email' | 'uri' | 'username'; readonly value: string };
  /** What the client signs to show that it holds the key: the e-mail address or `sub`. */
  readonly challenge: string;
  /** Fulcio's extensions by number, besides the issuer (`docs/oid-info.md` of Fulcio). */
  readonly extensions: readonly (readonly [number, string])[];
}

const maxClaim = 2048;

/** The identity in claims that were verified to come from `issuer`. Claims that are empty or of another type are refused. */
export function identityOf(claims: JWTPayload, iss: string, issuer: Issuer): Identity {
  const sub = claim(claims, 'sub');
  const of = (
    name: Identity['name'],
    challenge: string,
    extensions: Identity['extensions'] = [],
  ): Identity => ({ issuer: iss, name, challenge, extensions: [...extensions, [24, sub]] });
  if (issuer.provider !== null) {
    const { value, extensions } = fromTemplates(claims, issuer.provider);
    return of({ type: 'uri', value: uri(value) }, sub, extensions);
  }
  switch (issuer.type) {
    case 'email': {
      const email = claim(claims, 'email');
      if (claims.email_verified !== true) throw denied('the e-mail address is not verified by its issuer');
      if (!/^[!-?A-~]{1,64}@[a-zA-Z0-9.-]{1,253}$/.test(email))
        throw denied('email is not an e-mail address');
      const identity = of({ type: 'email', value: email }, email);
      return issuer.issuerClaim.length === 0
        ? identity
        : { ...identity, issuer: claimAt(claims, issuer.issuerClaim) };
    }
    case 'uri':
      if (!sub.startsWith(issuer.subjectPrefix)) {
        throw denied('sub is not a URI with the configured beginning');
      }
      return of({ type: 'uri', value: uri(sub) }, sub);
    case 'spiffe':
      return of({ type: 'uri', value: spiffeId(sub, issuer.trustDomain) }, sub);
    case 'username':
      // The name is `user!domain`: a user with either sign in it would be another one.
      if (!/^[A-Za-z0-9._+-]{1,256}$/.test(sub)) throw denied('sub is not a user name');
      return of({ type: 'username', value: `${sub}!${issuer.subjectDomain}` }, sub);
    case 'kubernetes': {
      const [, namespace, account] =
        /^system:serviceaccount:([a-z0-9][a-z0-9-]{0,62}):([a-z0-9][a-z0-9.-]{0,252})$/.exec(sub) ?? [];
      if (namespace === undefined) throw denied('sub is not a service account');
      const value = `https://kubernetes.io/namespaces/${namespace}/serviceaccounts/${account}`;
      return of({ type: 'uri', value }, sub);
    }
    default:
      throw new Error(`the type ${issuer.type} has no templates`);
  }
}

/** The name and the extensions that a CI provider's templates make. An extension whose text is empty is left out. */
function fromTemplates(claims: JWTPayload, { defaults, subjectAlternativeName, extensions }: CiProvider) {
  const lookup: Lookup = (name) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    // A claim that is not there or empty is one that the defaults name, or a reason to refuse.
    if (value === undefined || value === null || value === '') {
      const fallback = defaults.get(name);
      if (fallback === undefined) throw denied(`the claim ${name} is missing or empty`);
      return fallback;
    }
    const scalar = typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : value;
    return plain(scalar, name);
  };
  const made = extensions.map(([number, template]) => [number, template(lookup)] as const);
  return {
    value: subjectAlternativeName(lookup),
    extensions: made.filter(([, text]) => text !== ''),
  };
}

/** A SPIFFE ID (SPIFFE-ID specification §2) of exactly this trust domain. */
function spiffeId(sub: string, trustDomain: string): string {
  const [, domain, path] = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[a-zA-Z0-9._-]+)+)$/.exec(sub) ?? [];
  if (domain === undefined || path!.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw denied('sub is not a SPIFFE ID');
  }
  if (domain !== trustDomain) throw denied('sub is not in the configured trust domain');
  return sub;
}

function claim(claims: JWTPayload, name: string): string {
  return plain(Object.hasOwn(claims, name) ? claims[name] : undefined, name);
}

function claimAt(claims: JWTPayload, path: readonly string[]): string {
  let value: unknown = claims;
  for (const name of path) {
    value = isJsonObject(value) && Object.hasOwn(value, name) ? (value[name] as JsonValue) : undefined;
  }
  return plain(value, path.join('.'));
}

function plain(value: unknown, name: string): string {
  if (typeof value !== 'string' || value.trim() === '') throw denied(`the claim ${name} is missing or empty`);
  if (value.length > maxClaim || /\p{Cc}/u.test(value))
    throw denied(`the claim ${name} is too long or not plain text`);
  return value;
}

function uri(value: string): string {
  if (!/^[!-~]{1,2048}$/.test(value) || !URL.canParse(value)) {
    throw denied('the name is not a URI of ASCII characters');
  }
  return value;
}

function denied(message: string) {
  return new Refusal(401, `the identity token cannot be used: ${message}`);
}
