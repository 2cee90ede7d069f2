import { parseJson } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import * as v from 'valibot';
import type { Credentials } from '../auth/keychain.ts';
import { ociErrors } from '../errors.ts';
import { readAll } from '../http/body.ts';
import { describeRequest, type HttpRequest, type HttpResponse } from '../http/exchange.ts';
import type { HttpLimits } from '../http/options.ts';
import { safeTarget } from '../http/redirect.ts';
import { statusFault } from './status.ts';

/** Largest answer of a token service, in bytes. */
const maxTokenBytes = 64 * 1024;
/** Used where the service does not say how long a token lives (distribution token specification). */
const defaultLifetimeSeconds = 60;
const clientId = 'pratique';

const answerSchema = v.object({
  token: v.optional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]*$/))),
  access_token: v.optional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]*$/))),
  expires_in: v.optional(v.pipe(v.number(), v.minValue(0))),
});

export interface Token {
  readonly value: string;
  /** Milliseconds since 1970 after which it is not used any more. */
  readonly expires: number;
}

export interface TokenRequest {
  readonly registry: URL;
  readonly realm: string;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
}

/** Sends with redirects followed and retries made, but without registry credentials. */
export type Send = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * Gets a bearer token (distribution "Token Authentication Specification", and its OAuth2 variant for identity
 * tokens). The realm must be https unless the registry itself speaks plain http.
 *
 * @throws OCI_UNAUTHORIZED where the service refuses the credentials; faults of the exchange
 */
export async function fetchToken(request: TokenRequest, send: Send, limits: HttpLimits): Promise<Token> {
  const url = safeTarget(request.realm, request.registry, request.registry);
  const { credentials } = request;
  if (credentials?.identityToken !== undefined) {
    try {
      return await readToken(await send(oauthRequest(request, url, credentials.identityToken)), limits);
    } catch (error) {
      // Not every service has the OAuth2 form; those answer 404 or 405 and still know the older one.
      const unsupported =
        error instanceof PratiqueError && ['OCI_NOT_FOUND', 'OCI_OPERATION_UNSUPPORTED'].includes(error.code);
      if (!unsupported || credentials.password === undefined) throw error;
    }
  }
  return await readToken(await send(basicRequest(request, url)), limits);
}

function oauthRequest(request: TokenRequest, url: URL, refreshToken: string): HttpRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: refreshToken,
  });
  if (request.service !== undefined) form.set('service', request.service);
  if (request.scopes.length > 0) form.set('scope', request.scopes.join(' '));
  const bytes = new TextEncoder().encode(form.toString());
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: { size: bytes.length, open: () => bytes },
  };
}

function basicRequest(request: TokenRequest, base: URL): HttpRequest {
  const url = new URL(base);
  if (request.service !== undefined) url.searchParams.set('service', request.service);
  for (const scope of request.scopes) url.searchParams.append('scope', scope);
  const authorization = basicAuthorization(request.credentials);
  return {
    method: 'GET',
    url,
    headers: { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) },
  };
}

/** The `Authorization` value for name and password (RFC 7617, UTF-8). */
export function basicAuthorization(credentials: Credentials | undefined): string | undefined {
  if (credentials?.username === undefined || credentials.password === undefined) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`, 'utf8').toString('base64')}`;
}

async function readToken(response: HttpResponse, limits: HttpLimits): Promise<Token> {
  const what = describeRequest({ method: 'GET', url: response.url });
  if (response.status !== 200)
    throw await statusFault(response, `asking for a token at ${what}`, limits, undefined);
  const bytes = await readAll(response, limits, maxTokenBytes, undefined);
  let document: unknown;
  try {
    document = parseJson(bytes, 'the token');
  } catch {
    document = undefined;
  }
  const answer = v.safeParse(answerSchema, document);
  const value = answer.success ? answer.output.token || answer.output.access_token : undefined;
  if (!answer.success || !value) {
    throw ociErrors.error('OCI_RESPONSE_INVALID', { message: `${what}: the token service sent no token` });
  }
  const lifetime = Math.min(answer.output.expires_in || defaultLifetimeSeconds, 24 * 3600);
  // Used for three quarters of its life: it must not run out on the way, nor by a clock that differs a little.
  return { value, expires: Date.now() + lifetime * 750 };
}
