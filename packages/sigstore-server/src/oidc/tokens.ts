import { decodeJwt, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { Refusal } from '../http/refusal.ts';
import { type Identity, identityOf } from './identity.ts';
import type { IssuerOptions } from './issuers.ts';

/** An issuer that is trusted, with its keys. */
export interface TrustedIssuer extends IssuerOptions {
  readonly keys: JWTVerifyGetKey;
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
export async function verifyToken(token: string, issuers: readonly TrustedIssuer[]): Promise<Identity> {
  if (token.length > maxTokenBytes) throw denied('it is too large');
  let iss: unknown;
  try {
    iss = decodeJwt(token).iss;
  } catch {
    throw denied('it is not a signed token');
  }
  const issuer = issuers.find(({ url }) => url === iss);
  if (issuer === undefined) throw denied('its issuer is not configured');
  const { payload } = await jwtVerify(token, issuer.keys, {
    algorithms,
    issuer: issuer.url,
    audience: issuer.audience ?? 'sigstore',
    requiredClaims: ['exp', 'iat', 'sub'],
    clockTolerance: 30,
  }).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'its issuer did not answer';
    throw denied(code);
  });
  return identityOf(payload, issuer);
}

function denied(reason: string) {
  return new Refusal(401, `the identity token cannot be used: ${reason}`);
}
