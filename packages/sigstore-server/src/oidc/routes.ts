import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { Refusal } from '../http/refusal.ts';
import { readBody } from '../http/request.ts';
import { type GrantError, Grants, type Login } from './grants.ts';
import { algorithm, type OidcIssuer, tokenSeconds } from './issuer.ts';
import { loginPage, messagePage, pageHeaders } from './pages.ts';

type Env = { Bindings: HttpBindings };

/** The client that Sigstore's programs are. */
const clientId = 'sigstore';
/** For clients that cannot listen: the code is shown, to be typed. */
const shownCode = 'urn:ietf:wg:oauth:2.0:oob';
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const maxFormBytes = 16 * 1024;

/** What an authorization request asks for (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1). */
interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly challenge: string;
  readonly state: string;
  readonly nonce: string;
}

/** What a log-in page carries from one request to the next: nothing else, least of all who somebody says they are. */
const authorizationMembers = [
  'client_id',
  'response_type',
  'redirect_uri',
  'code_challenge',
  'code_challenge_method',
  'state',
  'nonce',
] as const;

/** The issuer's endpoints, below its URL. */
export function oidcRoutes(issuer: OidcIssuer, grants = new Grants()): Hono<Env> {
  const app = new Hono<Env>();
  const at = (path: string) => `${issuer.url}${path}`;
  const base = new URL(issuer.url).pathname;

  app.get('/.well-known/openid-configuration', (context) =>
    context.json({
      issuer: issuer.url,
      jwks_uri: at('/keys'),
      authorization_endpoint: at('/authorize'),
      device_authorization_endpoint: at('/device/code'),
      token_endpoint: at('/token'),
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', deviceGrant, 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      subject_types_supported: ['public'],
      scopes_supported: ['openid', 'email'],
      id_token_signing_alg_values_supported: [algorithm],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_post'],
      claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'nonce', 'email', 'email_verified'],
    }),
  );
  app.get('/keys', (context) => context.json({ keys: [issuer.jwk] }));

  const askLogin = (context: Context<Env>, query: URLSearchParams, problem?: string) => {
    const { redirectUri } = readAuthorization(query);
    const host = redirectUri === shownCode ? 'this machine' : new URL(redirectUri).host;
    const page = loginPage({
      action: `${base}/authorize`,
      purpose: `A program that listens on ${host} asks for a token in your name.`,
      hidden: Object.fromEntries(authorizationMembers.map((name) => [name, query.get(name) ?? ''])),
      ...(problem === undefined ? {} : { problem }),
    });
    return context.body(page, problem === undefined ? 200 : 401, pageHeaders);
  };
  app.get('/authorize', (context) => askLogin(context, new URL(context.req.url).searchParams));
  app.post('/authorize', async (context) => {
    const form = await readForm(context);
    const [email, secret] = [form.get('email') ?? '', form.get('secret') ?? ''];
    form.delete('email');
    form.delete('secret');
    const { redirectUri, challenge, state, nonce } = readAuthorization(form);
    if (!issuer.knows(email, secret)) return askLogin(context, form, wrongSecret);
    const code = grants.createCode({ email, clientId, redirectUri, challenge, nonce: nonce || null });
    if (redirectUri === shownCode) {
      return context.body(messagePage('Logged in', 'Give this code to the program:', code), 200, pageHeaders);
    }
    const target = new URL(redirectUri);
    target.searchParams.set('code', code);
    target.searchParams.set('state', state);
    context.header('cache-control', 'no-store');
    return context.redirect(target.href, 303);
  });

  app.post('/device/code', async (context) => {
    const form = await readForm(context);
    if (clientOf(context, form) !== clientId) return refuse(context, 'invalid_client', 401);
    const challenge = form.get('code_challenge');
    const method = form.get('code_challenge_method');
    if (challenge !== null && !isChallenge(challenge, method)) return refuse(context, 'invalid_request');
    const device = grants.createDevice(clientId, challenge);
    const verification = at('/device');
    return context.json(
      {
        device_code: device.deviceCode,
        user_code: device.userCode,
        verification_uri: verification,
        verification_uri_complete: `${verification}?user_code=${device.userCode}`,
        expires_in: device.expiresIn,
        interval: device.interval,
      },
      200,
      { 'cache-control': 'no-store' },
    );
  });
  const askDevice = (context: Context<Env>, userCode: string, problem?: string) => {
    const page = loginPage({
      action: `${base}/device`,
      purpose: 'A device or program elsewhere asks for a token in your name.',
      hidden: {},
      userCode: userCode.slice(0, 20),
      ...(problem === undefined ? {} : { problem }),
    });
    return context.body(page, problem === undefined ? 200 : 401, pageHeaders);
  };
  app.get('/device', (context) => askDevice(context, context.req.query('user_code') ?? ''));
  app.post('/device', async (context) => {
    const form = await readForm(context);
    const userCode = form.get('user_code') ?? '';
    const email = form.get('email') ?? '';
    if (!issuer.knows(email, form.get('secret') ?? '')) return askDevice(context, userCode, wrongSecret);
    if (!grants.approve(userCode, email)) {
      return askDevice(context, userCode, 'No device waits with this code. It may have waited too long.');
    }
    return context.body(
      messagePage('Logged in', 'The device goes on. You can close this page.'),
      200,
      pageHeaders,
    );
  });

  app.post('/token', async (context) => {
    const form = await readForm(context);
    const client = clientOf(context, form);
    const value = (name: string) => form.get(name) ?? '';
    const answer = async (email: string, audience: string, nonce: string | null) => {
      const token = await issuer.issue(email, audience, nonce);
      return context.json(
        { access_token: token, id_token: token, token_type: 'Bearer', expires_in: tokenSeconds },
        200,
        { 'cache-control': 'no-store' },
      );
    };
    const redeem = (login: Login | GrantError) =>
      typeof login === 'string' ? refuse(context, login) : answer(login.email, login.clientId, login.nonce);
    switch (value('grant_type')) {
      case 'client_credentials':
        if (!issuer.knows(client, value('client_secret'))) return refuse(context, 'invalid_client', 401);
        return await answer(client, value('audience') || clientId, null);
      case 'authorization_code':
        return await redeem(
          grants.redeemCode(value('code'), client, value('redirect_uri'), value('code_verifier')),
        );
      case deviceGrant:
        return await redeem(grants.redeemDevice(value('device_code'), client, form.get('code_verifier')));
      default:
        return refuse(context, 'unsupported_grant_type');
    }
  });
  return app;
}

const wrongSecret = 'The address or the secret is wrong.';

/**
 * Everything in the request that the answer depends on. The code only ever goes to the machine the browser runs on
 * (RFC 8252 §7.3), and never without PKCE.
 *
 * @throws Refusal 400
 */
function readAuthorization(query: URLSearchParams): AuthorizationRequest {
  const value = (name: string, most = 1024): string => {
    const found = query.getAll(name);
    if (found.length > 1 || (found[0]?.length ?? 0) > most)
      throw new Refusal(400, `${name} stands twice or is too long`);
    return found[0] ?? '';
  };
  if (value('client_id') !== clientId) throw new Refusal(400, `client_id is not ${clientId}`);
  if (value('response_type') !== 'code') throw new Refusal(400, 'response_type is not code');
  const challenge = value('code_challenge');
  if (!isChallenge(challenge, value('code_challenge_method')))
    throw new Refusal(400, 'code_challenge of method S256 is missing');
  const redirectUri = value('redirect_uri');
  if (redirectUri !== shownCode && !isLoopback(redirectUri)) {
    throw new Refusal(400, 'redirect_uri is not an http address of this machine');
  }
  return { redirectUri, challenge, state: value('state'), nonce: value('nonce') };
}

function isChallenge(challenge: string, method: string | null): boolean {
  return method === 'S256' && /^[A-Za-z0-9_-]{43}$/.test(challenge);
}

function isLoopback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === 'http:' && local && `${username}${password}${hash}` === '';
}

async function readForm(context: Context<Env>): Promise<URLSearchParams> {
  const body = await readBody(context.env.incoming, maxFormBytes);
  return new URLSearchParams(new TextDecoder().decode(body));
}

/** The client's name, in the form or in the header that OAuth libraries try first. */
function clientOf(context: Context<Env>, form: URLSearchParams): string {
  const inForm = form.get('client_id');
  if (inForm !== null) return inForm;
  const [, basic] = /^Basic ([A-Za-z0-9+/=]{1,1024})$/.exec(context.req.header('authorization') ?? '') ?? [];
  const [name = ''] = Buffer.from(basic ?? '', 'base64')
    .toString('utf8')
    .split(':', 1);
  return decodeURIComponentSafely(name);
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function refuse(context: Context<Env>, error: string, status: 400 | 401 = 400): Response {
  return context.json({ error }, status, { 'cache-control': 'no-store' });
}
