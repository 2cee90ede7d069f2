import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { jsonAnswer, refused } from '../../http/services.ts';
import { type LoginClient, loginFailed } from './client.ts';
import type { Issuer } from './discovery.ts';

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/**
 * Checks a token that a log-in brought (OpenID Connect Core §3.1.3.7): signed by the issuer, for this client, not
 * expired, and, where one was sent, with our nonce: a token of another log-in is not this person's.
 *
 * @throws LOGIN_FAILED
 */
export async function verifyLoginToken(
  { services, clientId, signal }: LoginClient,
  issuer: Issuer,
  token: string,
  nonce: string | null,
): Promise<void> {
  const service = 'the issuer';
  const answer = await services.send({ service, method: 'GET', url: issuer.keys, idempotent: true, signal });
  if (answer.status !== 200) throw refused(service, answer);
  try {
    const keys = createLocalJWKSet(jsonAnswer(service, answer) as unknown as JSONWebKeySet);
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.url,
      audience: clientId,
      algorithms,
      requiredClaims: ['exp', 'sub'],
    });
    if (nonce !== null && payload['nonce'] !== nonce) throw loginFailed('the token is of another log-in');
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw loginFailed(`the issuer’s token does not verify (${error.code})`);
  }
}
