import { decodeJwt, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { Refusal } from '../http/refusal.ts';
import { type Identity, identityOf } from './identity.ts';
import type { Issuer } from './issuers.ts';
import { remoteKeys } from './remote-keys.ts';

/** Finds what is known about the issuer that a token names. */
export interface TrustedIssuers {
  /** For people who ask what is trusted. */
  readonly configured: readonly Issuer[];
  find(iss: string): { readonly issuer: Issuer; readonly keys: JWTVerifyGetKey } | undefined;
}

/** Keys of issuers that only match a pattern are kept for this many of them. */
const maxKept = 100;

/** Our own issuer, whose keys are here, and those elsewhere. */
export function trustIssuers(
  own: { readonly issuer: Issuer; readonly keys: JWTVerifyGetKey },
  elsewhere: readonly Issuer[],
): TrustedIssuers {
  const kept = new Map<string, JWTVerifyGetKey>();
  return {
    configured: [own.issuer, ...elsewhere],
    find(iss) {
      if (own.issuer.matches(iss)) return own;
      // An issuer that stands there by itself comes before patterns.
      const issuer = elsewhere.find(({ url }) => url === iss) ?? elsewhere.find((item) => item.matches(iss));
      if (issuer === undefined) return undefined;
      const keys = kept.get(iss) ?? remoteKeys(iss);
      if (!kept.has(iss) && kept.size >= maxKept) kept.delete(kept.keys().next().value!);
      kept.set(iss, keys);
      return { issuer, keys };
    },
  };
}

const maxTokenBytes = 16 * 1024;

/** Public key signatures only: a key that is published is no secret that HS256 could be made with. */
const algorithms = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA'];

/**
 * Verifies an identity token (OpenID Connect Core §3.1.3.7): an issuer that is configured, its key, the audience, the
 * times with 30 seconds of leeway. The token itself is in no message.
 *
 * @throws Refusal 401
 */
export async function verifyToken(token: string, issuers: TrustedIssuers): Promise<Identity> {
  if (token.length > maxTokenBytes) throw denied('it is too large');
  let iss: unknown;
  try {
    iss = decodeJwt(token).iss;
  } catch {
    throw denied('it is not a signed token');
  }
  const found = typeof iss === 'string' ? issuers.find(iss) : undefined;
  if (found === undefined || typeof iss !== 'string') throw denied('its issuer is not configured');
  const { payload } = await jwtVerify(token, found.keys, {
    algorithms,
    issuer: iss,
    audience: found.issuer.audience,
    requiredClaims: ['exp', 'iat', 'sub'],
    clockTolerance: 30,
  }).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'its issuer did not answer';
    throw denied(code);
  });
  return identityOf(payload, iss, found.issuer);
}

function denied(reason: string) {
  return new Refusal(401, `the identity token cannot be used: ${reason}`);
}
