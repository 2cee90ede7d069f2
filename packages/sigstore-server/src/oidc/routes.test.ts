import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SigstoreServer } from '../index.ts';
import { alice, secretOf, start, temporaryDirectory } from '../testing/client.ts';

let server: SigstoreServer;
const clean: (() => void)[] = [];
const verifier = 'v'.repeat(43);
const request = {
  client_id: 'sigstore',
  response_type: 'code',
  redirect_uri: 'http://localhost:4711/auth/callback',
  scope: 'openid email',
  state: 'st"><script>',
  nonce: 'n0nce',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
};

beforeAll(async () => {
  server = await start(temporaryDirectory((remove) => clean.push(remove)));
});
afterAll(async () => {
  await server.close();
  for (const remove of clean) remove();
});

const get = (path: string, query: Record<string, string>) =>
  fetch(`${server.issuer}${path}?${new URLSearchParams(query)}`, { redirect: 'manual' });
const send = (path: string, form: Record<string, string>) =>
  fetch(`${server.issuer}${path}`, {
    method: 'POST',
    body: new URLSearchParams(form),
    redirect: 'manual',
  });
const credentials = () => ({ email: alice, secret: secretOf(server, alice) });
const json = async (response: Response) => (await response.json()) as Record<string, string>;

test('who logs in on the page gets a token with the nonce, by a code that is good once', async () => {
  const page = await get('/authorize', request);
  expect([page.status, page.headers.get('content-security-policy')]).toEqual([
    200,
    expect.stringContaining("default-src 'none'"),
  ]);
  expect(await page.text()).not.toContain('<script>');
  const answer = await send('/authorize', { ...request, ...credentials() });
  const target = new URL(answer.headers.get('location')!);
  expect([answer.status, target.origin, target.searchParams.get('state')]).toEqual([
    303,
    'http://localhost:4711',
    request.state,
  ]);
  const redeem = {
    grant_type: 'authorization_code',
    code: target.searchParams.get('code')!,
    redirect_uri: request.redirect_uri,
    code_verifier: verifier,
    client_id: 'sigstore',
  };
  const { id_token } = await json(await send('/token', redeem));
  expect(decodeJwt(id_token!)).toMatchObject({ aud: 'sigstore', email: alice, nonce: 'n0nce' });
  expect(await json(await send('/token', redeem))).toEqual({ error: 'invalid_grant' });
});

test('a link cannot say who logs in on the page it leads to', async () => {
  const link = { ...request, email: 'eve@example.test', secret: 's'.repeat(43) };
  for (const answer of [await get('/authorize', link), await send('/authorize', link)]) {
    const fields = (await answer.text()).matchAll(/<input [^>]*name="([^"]*)"[^>]*>/g);
    const names = [...fields].map(([, name]) => name);
    expect(names.filter((name) => name === 'email' || name === 'secret')).toEqual(['email', 'secret']);
  }
});

test('a challenge of two methods is refused', async () => {
  const query = `${new URLSearchParams(request)}&code_challenge_method=plain`;
  expect((await fetch(`${server.issuer}/authorize?${query}`)).status).toBe(400);
});

test('a wrong secret is told on the page, which does not repeat it, and gets no code', async () => {
  const answer = await send('/authorize', { ...request, email: alice, secret: 'hunter2hunter2' });
  const page = await answer.text();
  expect([answer.status, answer.headers.get('location')]).toEqual([401, null]);
  expect(page).toContain('role="alert"');
  expect(page).not.toContain('hunter2');
});

test.each<[string, Record<string, string>]>([
  ['a redirect to another host', { redirect_uri: 'https://eve.test/' }],
  ['a redirect to a host that begins alike', { redirect_uri: 'http://localhost.eve.test/' }],
  ['a redirect with a user', { redirect_uri: 'http://localhost@eve.test/' }],
  ['a script', { redirect_uri: 'javascript:alert(1)' }],
  ['another client', { client_id: 'other' }],
  ['no PKCE', { code_challenge: '' }],
  ['plain PKCE', { code_challenge_method: 'plain' }],
  ['the implicit flow', { response_type: 'id_token' }],
])('%s is refused before anybody is asked, and with a good secret', async (_, change) => {
  expect((await get('/authorize', { ...request, ...change })).status).toBe(400);
  const answer = await send('/authorize', { ...request, ...change, ...credentials() });
  expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
});

test('a device gets its token when its user logged in elsewhere', async () => {
  const device = await json(await send('/device/code', { client_id: 'sigstore', scope: 'openid email' }));
  const poll = async () =>
    await json(
      await send('/token', {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: device.device_code!,
        client_id: 'sigstore',
      }),
    );
  expect(await poll()).toEqual({ error: 'authorization_pending' });
  const page = await (await fetch(device.verification_uri_complete!)).text();
  expect(page).toContain(`value="${device.user_code}"`);
  expect((await send('/device', { user_code: device.user_code!, email: alice, secret: 'x' })).status).toBe(
    401,
  );
  expect((await send('/device', { user_code: 'AAAA-AAAA', ...credentials() })).status).toBe(401);
  expect((await send('/device', { user_code: device.user_code!, ...credentials() })).status).toBe(200);
  expect(decodeJwt((await poll()).id_token!)).toMatchObject({ aud: 'sigstore', email: alice });
});
