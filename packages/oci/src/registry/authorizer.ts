import type { Credentials, Keychain } from '../auth/keychain.ts';
import { ociErrors } from '../errors.ts';
import { orAbort } from '../http/faults.ts';
import type { HttpLimits } from '../http/options.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { remember } from './remember.ts';
import { basicAuthorization, fetchToken, type Send, type Token } from './token.ts';

/** Tokens, and repositories' credentials, kept at a time. */
const maxRemembered = 256;

const asking = 'asking for a token';

/** Knows how one registry wants its requests authorised, and keeps the tokens. */
export interface Authorizer {
  /** The `Authorization` known so far for these scopes; undefined before the first challenge or for anonymous access. */
  known(repository: string, scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Answers a 401: a new `Authorization` to try once more with.
   *
   * @param used what the refused request carried
   * @returns undefined where nothing better than `used` is to be had
   */
  answer(
    header: string | undefined,
    used: string | undefined,
    repository: string,
    scopes: readonly string[],
    signal?: AbortSignal,
  ): Promise<string | undefined>;
}

/** @param registry origin of the registry; its scheme decides which realms are acceptable */
export function createAuthorizer(
  registry: URL,
  host: string,
  keychain: Keychain,
  send: Send,
  limits: HttpLimits,
): Authorizer {
  let challenge: Challenge | undefined;
  const credentials = new Map<string, Promise<Credentials | undefined>>();
  const tokens = new Map<string, Token>();
  const underWay = new Map<string, Promise<Token>>();

  function credentialsOf(repository: string): Promise<Credentials | undefined> {
    let found = credentials.get(repository);
    if (!found) {
      found = keychain.resolve(host, repository);
      found.catch(() => credentials.delete(repository));
      remember(credentials, repository, found, maxRemembered);
    }
    return found;
  }

  /** One request at a time for the same token. It runs without a caller's signal: others may wait for it too. */
  async function tokenFor(bearer: Challenge, repository: string, scopes: readonly string[]): Promise<string> {
    const realm = bearer.parameters.get('realm');
    if (realm === undefined) {
      throw ociErrors.error('OCI_RESPONSE_INVALID', {
        message: `${host}: the bearer challenge names no realm`,
      });
    }
    const service = bearer.parameters.get('service');
    const key = JSON.stringify([repository, realm, service ?? null, ...scopes]);
    const token = tokens.get(key);
    if (token !== undefined && token.expires > Date.now()) return token.value;
    let fetching = underWay.get(key);
    if (!fetching) {
      const found = await credentialsOf(repository);
      fetching =
        underWay.get(key) ??
        fetchToken({ registry, realm, service, scopes, credentials: found }, send, limits);
      underWay.set(key, fetching);
    }
    try {
      const fetched = await fetching;
      remember(tokens, key, fetched, maxRemembered);
      return fetched.value;
    } catch (error) {
      // They may have been changed since: the next try asks the keychain again.
      credentials.delete(repository);
      throw error;
    } finally {
      underWay.delete(key);
    }
  }

  async function authorization(repository: string, scopes: readonly string[]): Promise<string | undefined> {
    const found = await credentialsOf(repository);
    if (challenge?.scheme === 'basic') return basicAuthorization(found);
    if (challenge?.scheme !== 'bearer') return undefined;
    if (found?.registryToken !== undefined) return `Bearer ${found.registryToken}`;
    return `Bearer ${await tokenFor(challenge, repository, scopes)}`;
  }

  return {
    known: (repository, scopes, signal) =>
      challenge === undefined
        ? Promise.resolve(undefined)
        : orAbort(authorization(repository, scopes), signal, asking),
    async answer(header, used, repository, scopes, signal) {
      const challenges = parseChallenges(header);
      challenge =
        challenges.find(({ scheme }) => scheme === 'bearer') ??
        challenges.find(({ scheme }) => scheme === 'basic');
      if (challenge === undefined) return undefined;
      // What was refused is forgotten: an expired or revoked token must not be offered again, and after a new login
      // the keychain has other credentials.
      if (used !== undefined) credentials.delete(repository);
      for (const [key, token] of tokens) if (used === `Bearer ${token.value}`) tokens.delete(key);
      // The registry's own scopes come first: some token services look only at the first.
      const wanted = challenge.parameters.get('scope')?.split(' ').filter(Boolean) ?? [];
      const all = [...new Set([...wanted, ...scopes])];
      const fresh = await orAbort(authorization(repository, all), signal, asking);
      return fresh === used ? undefined : fresh;
    },
  };
}
