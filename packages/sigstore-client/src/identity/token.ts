import { isJsonObject, parseJson } from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { sigstoreClientErrors } from '../errors.ts';

/** An OpenID Connect identity token. Whether it is genuine is for the certificate authority to say. */
export interface IdentityToken {
  /** The compact JWS. Secret: never in a message. */
  readonly raw: string;
  readonly issuer: string;
  /** What the key signs to prove that whoever asks holds it: the e-mail address, else the subject. */
  readonly challenge: string;
  readonly expires: Date | null;
}

const maxTokenBytes = 16 * 1024;

/**
 * Reads the claims a client needs (OpenID Connect Core §2): `iss`, and `email` where there is one, else `sub`. An
 * address the issuer has not verified is refused here, as Fulcio would.
 *
 * @throws IDENTITY_TOKEN_INVALID; never with the token in it
 */
export function parseIdentityToken(text: string): IdentityToken {
  const raw = text.trim();
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(raw) ?? [];
  if (payload === undefined || raw.length > maxTokenBytes) throw invalid('it is not a signed JSON web token');
  const claims = readClaims(payload);
  const { iss, sub, email, email_verified: verified, exp } = claims;
  if (typeof iss !== 'string' || iss === '') throw invalid('it names no issuer');
  const isEmail = typeof email === 'string' && email !== '';
  // Some issuers write the boolean as a string.
  if (isEmail && verified !== true && verified !== 'true')
    throw invalid('its issuer has not verified the e-mail address in it');
  const challenge = isEmail ? email : sub;
  if (typeof challenge !== 'string' || challenge === '')
    throw invalid('it has neither e-mail address nor subject');
  return {
    raw,
    issuer: printable(iss, 500),
    challenge,
    expires: typeof exp === 'number' && Number.isSafeInteger(exp) ? new Date(exp * 1000) : null,
  };
}

function readClaims(payload: string): Record<string, unknown> {
  try {
    const claims = parseJson(new Uint8Array(Buffer.from(payload, 'base64url')), 'the claims');
    if (isJsonObject(claims)) return claims;
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
  }
  throw invalid('its claims cannot be read');
}

/** Throws IDENTITY_TOKEN_INVALID for a token that no authority would take any more. */
export function checkNotExpired({ expires }: IdentityToken, now: Date): void {
  if (expires === null || now < expires) return;
  throw sigstoreClientErrors.error('IDENTITY_TOKEN_INVALID', {
    message: 'the identity token has expired',
    expected: `a token for ${now.toISOString()}`,
    found: `good until ${expires.toISOString()}`,
  });
}

function invalid(problem: string): PratiqueError {
  return sigstoreClientErrors.error('IDENTITY_TOKEN_INVALID', {
    message: `the identity token cannot be used: ${problem}`,
  });
}
