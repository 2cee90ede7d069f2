import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  ambientProvider,
  type IdentityToken,
  type LocalSurroundings,
  type LoginClient,
  logInOnDevice,
  logInWithBrowser,
  logInWithSecret,
  renewing,
  type Services,
  sigstoreClientErrors,
} from '@pratique/sigstore-client';
import { cliErrors } from '../errors.ts';
import { readFile, readText } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';
import { openBrowser } from './open-browser.ts';
import type { SigningFlags } from './open-signer.ts';

/** What Fulcio's tokens are for. */
const audience = 'sigstore';

export interface IdentityContext {
  readonly flags: SigningFlags;
  readonly terminal: Terminal;
  readonly services: Services;
  /** The issuer of the signing configuration; null where it names none. */
  readonly issuer: string | null;
  readonly signal: AbortSignal;
}

/**
 * Where identity tokens come from, first of all what the flags name: a token, a provider or a flow; else a provider
 * that the surroundings offer; else, where there is somebody to ask, the browser.
 */
export function openIdentity(context: IdentityContext): () => Promise<IdentityToken> {
  const { flags, terminal, services, signal } = context;
  const { 'identity-token': given = '', 'fulcio-auth-flow': flow, 'oidc-provider': provider } = flags;
  if (given !== '') return renewing(async () => tokenText(given, terminal));
  if (flow === 'token') throw missing();
  if (flow === undefined) {
    const surroundings = { ...localSurroundings(terminal), services, signal };
    const ambient =
      provider === undefined && flags['oidc-disable-ambient-providers']
        ? null
        : ambientProvider(surroundings, provider);
    if (ambient !== null) return renewing(() => ambient.request(surroundings, audience));
    if (!terminal.interactive) throw missing();
  }
  const client = loginClient(context);
  return renewing(() => logIn(flow ?? 'normal', client, flags));
}

function logIn(flow: string, client: LoginClient, flags: SigningFlags): Promise<string> {
  if (flow === 'device') return logInOnDevice(client);
  if (flow === 'client_credentials') return logInWithSecret(client);
  return logInWithBrowser(client, { openBrowser, redirectUrl: flags['oidc-redirect-url'] });
}

function tokenText(given: string, terminal: Terminal): string {
  const path = resolve(terminal.cwd, given);
  // A token is longer than a path may be, and asking for a file of that name would be an error.
  return given.length < 256 && existsSync(path) ? readText(given, terminal.cwd, 'secret') : given;
}

/** The machine and the environment that a command runs in, as providers of tokens see them. */
export function localSurroundings(terminal: Terminal): LocalSurroundings {
  return {
    env: terminal.env,
    exists: existsSync,
    readFile: (path) => {
      try {
        return readFile(path, terminal.cwd, 'secret');
      } catch {
        return null;
      }
    },
  };
}

function loginClient({ flags, terminal, services, issuer, signal }: IdentityContext): LoginClient {
  const url = flags['oidc-issuer'] ?? issuer;
  if (url === null) {
    throw cliErrors.error('USAGE', {
      message: 'it is not known where to log in',
      expected: '--oidc-issuer URL, or a signing configuration with oidcUrls',
      found: 'neither',
    });
  }
  const file = flags['oidc-client-secret-file'];
  return {
    services,
    issuer: url,
    clientId: flags['oidc-client-id'],
    clientSecret: file === undefined ? null : readText(file, terminal.cwd, 'secret').trim(),
    say: (text) => terminal.err(`${text}\n`),
    signal,
  };
}

function missing() {
  return sigstoreClientErrors.error('IDENTITY_TOKEN_MISSING', {
    message: 'there is no identity to sign with',
    expected: '--identity-token FILE, SIGSTORE_ID_TOKEN, a provider of tokens, or somebody to log in',
    found: 'none of them',
  });
}
