import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { explanation } from '../../http/services.ts';
import { type LoginClient, loginFailed, scope } from './client.ts';
import { discover } from './discovery.ts';
import { newPkce } from './pkce.ts';
import { answerObject, grantedToken, postForm } from './token-request.ts';
import { verifyLoginToken } from './verify-token.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:device_code';
const maxSeconds = 1800;

/**
 * Logs a person in on another device (RFC 8628): they type a code on the issuer's page, and the issuer is asked until
 * they have.
 *
 * @throws LOGIN_FAILED, and what {@link discover} throws
 */
export async function logInOnDevice(client: LoginClient): Promise<string> {
  const issuer = await discover(client.services, client.issuer, client.signal);
  if (issuer.deviceEndpoint === null) throw loginFailed('the issuer has no log-in for devices');
  const { verifier, challenge } = newPkce();
  const started = await postForm(client, issuer.deviceEndpoint, {
    scope,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  if (started.status !== 200) throw loginFailed(explanation(started), `HTTP ${started.status}`);
  const device = answerObject(started);
  const page = text(device, 'verification_uri_complete') ?? text(device, 'verification_uri');
  const [userCode, deviceCode] = [text(device, 'user_code'), text(device, 'device_code')];
  if (page === null || userCode === null || deviceCode === null)
    throw loginFailed('the issuer gave no code and page to type it on');
  const lives = seconds(device.expires_in, maxSeconds);
  client.say(
    `Enter the verification code ${printable(userCode, 100)} in your browser at: ${printable(page, 500)}\nCode will be valid for ${lives} seconds`,
  );
  const fields = { grant_type: grantType, device_code: deviceCode, code_verifier: verifier, scope };
  const until = performance.now() + lives * 1000;
  for (let interval = seconds(device.interval, 5); performance.now() < until; ) {
    await sleep(interval * 1000, undefined, client.signal === undefined ? {} : { signal: client.signal });
    const answer = await postForm(client, issuer.tokenEndpoint, fields);
    const error = answer.status === 200 ? null : text(answerObject(answer), 'error');
    if (error === 'slow_down') interval += 5;
    else if (error !== 'authorization_pending') {
      const token = grantedToken(client, answer);
      await verifyLoginToken(client, issuer, token, null);
      return token;
    }
  }
  throw loginFailed('the code expired before anybody logged in');
}

function text(document: JsonObject, name: string): string | null {
  const value = Object.hasOwn(document, name) ? document[name] : null;
  return typeof value === 'string' && value !== '' ? value : null;
}

function seconds(value: JsonValue | undefined, otherwise: number): number {
  return typeof value === 'number' && value >= 1 && value <= maxSeconds ? value : otherwise;
}
