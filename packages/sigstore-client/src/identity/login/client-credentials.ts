import { type LoginClient, scope } from './client.ts';
import { discover } from './discovery.ts';
import { grantedToken, postForm } from './token-request.ts';

/**
 * A token for the client itself, by its secret (RFC 6749 §4.4). Its audience is for the certificate authority to judge.
 *
 * @throws LOGIN_FAILED, and what {@link discover} throws
 */
export async function logInWithSecret(client: LoginClient): Promise<string> {
  const { tokenEndpoint } = await discover(client.services, client.issuer, client.signal);
  const fields = { grant_type: 'client_credentials', scope };
  return grantedToken(client, await postForm(client, tokenEndpoint, fields));
}
