import { isJsonObject, parseJson } from '@pratique/crypto';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey, errors as joseErrors } from 'jose';
import { fetchBytes } from '../http/fetch.ts';

const maxBytes = 256 * 1024;
/** An unknown key id may be a new key; asking again is bounded by this. */
const patienceMs = 30_000;
const maxAgeMs = 600_000;
/** An issuer that did not answer is asked again after this, whoever sends tokens in its name. */
const retryMs = 5000;

/**
 * The keys of an issuer elsewhere, by OpenID Connect discovery. The discovery document must name that very issuer, and
 * its keys must be on the issuer's own host: a document cannot send this server to another one. Redirects are not
 * followed. Answers are bounded in size and time.
 */
export function remoteKeys(issuer: string): JWTVerifyGetKey {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;
  const refresh = async () => {
    fetchedAt = performance.now();
    const document = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (!isJsonObject(document) || document.issuer !== issuer || typeof document.jwks_uri !== 'string') {
      throw new Error('the discovery document is not this issuer’s');
    }
    if (new URL(document.jwks_uri).origin !== new URL(issuer).origin) {
      throw new Error('the discovery document names keys on another host');
    }
    keys = createLocalJWKSet((await fetchJson(document.jwks_uri)) as unknown as JSONWebKeySet);
  };
  const refreshOnce = () => {
    fetching ??= refresh().finally(() => {
      fetching = undefined;
    });
    return fetching;
  };
  return async (header, token) => {
    const age = performance.now() - fetchedAt;
    if (fetching !== undefined || age > (keys === undefined ? retryMs : maxAgeMs)) await refreshOnce();
    if (keys === undefined) throw new Error('the issuer did not answer a moment ago');
    try {
      return await keys(header, token);
    } catch (error) {
      const unknown = error instanceof joseErrors.JWKSNoMatchingKey;
      if (!unknown || performance.now() - fetchedAt < patienceMs) throw error;
      await refreshOnce();
      return await keys(header, token);
    }
  };
}

async function fetchJson(url: string): Promise<unknown> {
  return parseJson(await fetchBytes(url, maxBytes), 'the issuer’s answer');
}
