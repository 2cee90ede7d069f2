import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import type { ServiceRequest } from '../../http/services.ts';
import { type FakeServices, fakeServices, formOf, Refused } from '../../testing/services.ts';
import { logInWithBrowser } from './browser.ts';
import type { LoginClient } from './client.ts';
import { logInWithSecret } from './client-credentials.ts';
import { logInOnDevice } from './device.ts';

const issuer = 'https://issuer.test';
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let others: Awaited<ReturnType<typeof generateKeyPair>>;
beforeAll(async () => {
  [keys, others] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
});

/** Signs a token as the issuer, or wrongly. */
function token(claims: Record<string, unknown> = {}, signer = keys): Promise<string> {
  const all = {
    iss: issuer,
    aud: 'sigstore',
    sub: 'alice',
    exp: Math.floor(Date.now() / 1000) + 60,
    ...claims,
  };
  return new SignJWT(all).setProtectedHeader({ alg: 'RS256' }).sign(signer.privateKey);
}

/** An issuer whose token endpoint answers with what `answer` makes. */
async function provider(
  answer: (request: ServiceRequest) => object,
  description: Record<string, unknown> = {},
): Promise<FakeServices> {
  const jwk = await exportJWK(keys.publicKey);
  return fakeServices({
    [`GET ${issuer}/.well-known/openid-configuration`]: () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      device_authorization_endpoint: `${issuer}/device`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      ...description,
    }),
    [`GET ${issuer}/keys`]: () => ({ keys: [jwk] }),
    [`POST ${issuer}/device`]: () => ({
      device_code: 'device',
      user_code: 'ABCD-EFGH',
      verification_uri: `${issuer}/verify`,
      interval: 1,
      expires_in: 60,
    }),
    [`POST ${issuer}/token`]: answer,
  });
}

function client(services: FakeServices, more: Partial<LoginClient> = {}): LoginClient {
  return { services, issuer, clientId: 'sigstore', clientSecret: null, say: () => {}, ...more };
}

/** A browser in which somebody logs in: it comes back with what `change` makes of the right answer. */
function browser(change: (answer: URLSearchParams) => void = () => {}, seen: { nonce?: string } = {}) {
  return async (page: string) => {
    const asked = new URL(page).searchParams;
    seen.nonce = asked.get('nonce')!;
    expect(asked.get('code_challenge_method')).toBe('S256');
    const back = new URL(asked.get('redirect_uri')!);
    const answer = new URLSearchParams({ code: asked.get('code_challenge')!, state: asked.get('state')! });
    change(answer);
    back.hostname = '127.0.0.1';
    back.search = answer.toString();
    void fetch(back).then((response) => response.text());
    return true;
  };
}

/** Logs in; the issuer checks PKCE as a real one does and signs `claims` into the token. */
async function logIn(
  claims: (nonce: string) => Record<string, unknown>,
  open: ReturnType<typeof browser>,
  seen: { nonce?: string },
  signer = keys,
): Promise<string> {
  let raw = '';
  const services = await provider((request) => {
    const form = formOf(request);
    const challenge = createHash('sha256').update(form.get('code_verifier')!).digest('base64url');
    if (form.get('code') !== challenge) return new Refused(400, { error: 'invalid_grant' });
    return { id_token: raw };
  });
  const opening = async (page: string) => {
    raw = await token(claims(new URL(page).searchParams.get('nonce')!), signer);
    return open(page);
  };
  return logInWithBrowser(client(services), { openBrowser: opening }).then((got) => {
    expect(got).toBe(raw);
    expect(seen.nonce).toBeDefined();
    return got;
  });
}

test('somebody who logs in with the browser gets the token of that log-in', async () => {
  const seen: { nonce?: string } = {};
  await logIn((nonce) => ({ nonce }), browser(undefined, seen), seen);
});

const failed = { code: 'LOGIN_FAILED' };

test.each([
  ['of another log-in (nonce)', () => ({ nonce: 'other' })],
  ['without our nonce', () => ({})],
  ['of another issuer', (nonce: string) => ({ nonce, iss: 'https://evil.test' })],
  ['for another client', (nonce: string) => ({ nonce, aud: 'other' })],
  ['that has expired', (nonce: string) => ({ nonce, exp: 1_000_000_000 })],
] as const)('a token %s is refused', async (_name, claims) => {
  await expect(logIn(claims, browser(), {})).rejects.toMatchObject(failed);
});

test('a token that somebody else signed is refused', async () => {
  await expect(logIn((nonce) => ({ nonce }), browser(), {}, others)).rejects.toMatchObject(failed);
});

test('an answer with another state, or of another issuer, is passed over; the right one still counts (CVE-2026-24408)', async () => {
  for (const wrong of [{ state: 'stolen' }, { iss: 'https://evil.test' }]) {
    const seen: { nonce?: string } = {};
    const open = async (page: string) => {
      const asked = new URL(page).searchParams;
      const forged = new URL(asked.get('redirect_uri')!);
      forged.hostname = '127.0.0.1';
      forged.search = new URLSearchParams({
        code: 'attacker',
        state: asked.get('state')!,
        ...wrong,
      }).toString();
      expect((await fetch(forged)).status).toBe(400);
      return browser(undefined, seen)(page);
    };
    await logIn((nonce) => ({ nonce }), open, seen);
  }
});

test.each(['//', '//[', 'http://[', '//a:99999/'])(
  'what is no address (%s) does not end the log-in',
  async (path) => {
    const seen: { nonce?: string } = {};
    const open = async (page: string) => {
      const { port } = new URL(new URL(page).searchParams.get('redirect_uri')!);
      const [answer] = (await once(get({ host: '127.0.0.1', port, path }), 'response')) as [IncomingMessage];
      expect(answer.resume().statusCode).toBe(400);
      return browser(undefined, seen)(page);
    };
    await logIn((nonce) => ({ nonce }), open, seen);
  },
);

test('somebody who says no is not logged in', async () => {
  const refuse = browser((answer) => {
    answer.delete('code');
    answer.set('error', 'access_denied');
  });
  await expect(logIn((nonce) => ({ nonce }), refuse, {})).rejects.toMatchObject({
    ...failed,
    message: expect.stringContaining('access_denied'),
  });
});

test('a description of another issuer, or with endpoints in the clear, is not used', async () => {
  const foreign = await provider(() => ({}), { issuer: 'https://evil.test' });
  const options = { openBrowser: async () => true };
  await expect(logInWithBrowser(client(foreign), options)).rejects.toMatchObject({
    code: 'SIGNING_SERVICE_ANSWER',
  });
  const plain = await provider(() => ({}), { token_endpoint: 'http://issuer.test/token' });
  await expect(logInWithBrowser(client(plain), options)).rejects.toMatchObject({
    code: 'SIGNING_SERVICE_ADDRESS',
  });
});

test('on another device: the code is told, and the issuer asked until somebody has typed it', async () => {
  const raw = await token();
  let asked = 0;
  const services = await provider((request) => {
    expect(formOf(request).get('device_code')).toBe('device');
    asked++;
    return asked === 1 ? new Refused(400, { error: 'authorization_pending' }) : { id_token: raw };
  });
  const said: string[] = [];
  const one = client(services, { say: (text) => said.push(text) });
  expect(await logInOnDevice(one)).toBe(raw);
  expect(said.join()).toContain(`ABCD-EFGH in your browser at: ${issuer}/verify`);
});

test('on another device: who denies it is not logged in', async () => {
  const services = await provider(() => new Refused(400, { error: 'access_denied' }));
  await expect(logInOnDevice(client(services))).rejects.toMatchObject(failed);
});

test('a secret is sent once, and stands in no message', async () => {
  const services = await provider(() => new Refused(401, { error_description: 'bad secret hunter2' }));
  const one = client(services, { clientId: 'alice', clientSecret: 'hunter2' });
  await expect(logInWithSecret(one)).rejects.toMatchObject({
    ...failed,
    message: 'not logged in: bad secret …',
  });
  const asked = services.requests.filter(({ method }) => method === 'POST');
  expect(asked.map((request) => [formOf(request).get('client_secret'), request.idempotent])).toEqual([
    ['hunter2', false],
  ]);
});
