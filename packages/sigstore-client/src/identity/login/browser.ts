import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { printable } from '@pratique/errors';
import { type LoginClient, loginFailed, scope } from './client.ts';
import { discover } from './discovery.ts';
import { newPkce, randomText } from './pkce.ts';
import { grantedToken, postForm } from './token-request.ts';
import { verifyLoginToken } from './verify-token.ts';

export interface BrowserOptions {
  /** Opens a page; false when there is no browser. The person is told the address in any case. */
  readonly openBrowser: (url: string) => Promise<boolean>;
  /** `http://localhost:PORT/PATH` where the issuer knows the client by it. Default: any port, `/auth/callback`. */
  readonly redirectUrl?: string | undefined;
}

const patienceMs = 300_000;

/**
 * Logs a person in with the browser: authorization code with PKCE to a loopback address (RFC 8252 §7.3, RFC 7636,
 * OpenID Connect Core §3.1). An answer with another `state` than ours is not an answer (CVE-2026-24408); the token must
 * carry our nonce.
 *
 * @throws LOGIN_FAILED, and what {@link discover} throws
 */
export async function logInWithBrowser(client: LoginClient, options: BrowserOptions): Promise<string> {
  const issuer = await discover(client.services, client.issuer, client.signal);
  const { authorizationEndpoint } = issuer;
  if (authorizationEndpoint === null) throw loginFailed('the issuer has no page to log in on');
  const { verifier, challenge } = newPkce();
  const [state, nonce] = [randomText(), randomText()];
  const wanted = redirectTarget(options.redirectUrl);
  const server = await listen(wanted.port);
  try {
    const { port } = server.address() as AddressInfo;
    const redirect = `http://${wanted.host}:${port}${wanted.path}`;
    const page = new URL(authorizationEndpoint);
    const query = {
      response_type: 'code',
      client_id: client.clientId,
      redirect_uri: redirect,
      scope,
      state,
      nonce,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(query)) page.searchParams.set(name, value);
    const answered = waitForCode(server, wanted.path, state, client);
    // Whoever waits is told below; without this a refusal in between would end the process.
    answered.catch(() => {});
    const opened = await options.openBrowser(page.href);
    client.say(
      opened
        ? `Your browser is being opened to log in. If it is not:\n${page.href}`
        : `Log in here:\n${page.href}`,
    );
    const code = await answered;
    const fields = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirect,
      code_verifier: verifier,
    };
    const token = grantedToken(client, await postForm(client, issuer.tokenEndpoint, fields));
    await verifyLoginToken(client, issuer, token, nonce);
    return token;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function redirectTarget(url = 'http://localhost:0/auth/callback') {
  const [, host = '', port = '0', path = ''] =
    /^http:\/\/(localhost|127\.0\.0\.1)(?::(\d{1,5}))?(\/[\w/-]*)$/.exec(url) ?? [];
  if (host === '')
    throw loginFailed('the redirect URL is not http://localhost:PORT/PATH', printable(url, 200));
  return { host, port: Number(port), path };
}

function listen(port: number): Promise<Server> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(loginFailed(`cannot listen for the browser (${error.code ?? 'unknown'})`)),
    );
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function waitForCode(
  server: Server,
  path: string,
  state: string,
  { issuer, signal }: LoginClient,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(loginFailed(`nobody logged in within ${patienceMs / 1000} s`)),
      patienceMs,
    );
    const stop = () => reject(loginFailed('interrupted'));
    signal?.addEventListener('abort', stop, { once: true });
    server.on('close', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    });
    server.on('request', (request, response) => {
      // Any page in the browser can ask for anything here, also for what is no URL.
      const { url: asked = '/' } = request;
      const base = 'http://localhost';
      const { pathname, searchParams: answer } = new URL(URL.canParse(asked, base) ? asked : '/', base);
      const answerWith = (status: number, text: string) =>
        response
          .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
          .end(`${text}\n`);
      // RFC 9207: an answer of another issuer is a mix-up.
      const foreign = answer.get('iss') !== null && answer.get('iss') !== issuer;
      if (pathname !== path || answer.get('state') !== state || foreign) {
        answerWith(400, 'This is not the answer that is waited for.');
        return;
      }
      const code = answer.get('code');
      if (code === null) {
        answerWith(200, 'You are not logged in. You may close this page.');
        reject(
          loginFailed(printable(answer.get('error_description') ?? answer.get('error') ?? 'no code', 300)),
        );
      } else {
        answerWith(200, 'You are logged in. You may close this page.');
        resolve(code);
      }
    });
  });
}
