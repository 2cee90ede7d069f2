import type { ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { printable } from '@pratique/errors';
import { hostCheck, lockDirectory, makeDirectorySync } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import { createBoundedServer, listen, parseListen, stop } from '../http/listener.ts';
import { logNames, type SigstoreServer, type SigstoreServerOptions } from '../options.ts';
import { createRoutes, faults } from './routes.ts';
import { openServices } from './services.ts';

/**
 * Starts a private Sigstore on one port and one directory and resolves when it accepts connections: OIDC issuer, Fulcio,
 * certificate log, Rekor, timestamp authority and TUF repository. Keys are made at the first start.
 *
 * Entries and certificates are on disk before they are answered. One process at a time serves a directory.
 *
 * @throws SIGSTORE_SERVER_LISTEN_INVALID, SIGSTORE_SERVER_LISTEN_FAILED, SIGSTORE_SERVER_OPTION_INVALID,
 *   SIGSTORE_SERVER_DIRECTORY_IN_USE, SIGSTORE_SERVER_DAMAGED, KEY_PASSWORD_WRONG
 */
export async function startSigstoreServer(options: SigstoreServerOptions): Promise<SigstoreServer> {
  const { host, port } = parseListen(options.listen);
  if (options.rateLimit !== undefined && !(options.rateLimit > 0)) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
      message: 'the rate limit is not a number above 0',
    });
  }
  const unknown = options.witnessed?.find((name) => !logNames.includes(name));
  if (unknown !== undefined) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
      message: 'there is no such log to be witnessed',
      expected: logNames.join(', '),
      found: printable(unknown, 80),
    });
  }
  if (options.url !== undefined) checkUrl(options.url);
  else if (isIP(host) !== 0 && /^[0.:]+$/.test(host)) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
      message: 'the server listens on every address, so that the URL it is reached under must be given',
      expected: '--url https://HOST',
    });
  }
  makeDirectorySync(options.directory, 0o700);
  const unlock = await lockDirectory(options.directory, 'sigstore');
  if (unlock === undefined) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_DIRECTORY_IN_USE', {
      message: `another process serves ${printable(options.directory)}`,
    });
  }
  const server = createBoundedServer();
  // Who comes before everything is loaded waits.
  const ready = Promise.withResolvers<ReturnType<typeof getRequestListener>>();
  server.on('request', (incoming, outgoing: ServerResponse) => {
    // While stopping, a client is told not to send its next request here.
    if (!server.listening) outgoing.setHeader('Connection', 'close');
    if (options.log !== undefined) {
      logWhenDone(options.log, incoming.method ?? '', incoming.url ?? '', outgoing);
    }
    void ready.promise.then((listener) => listener(incoming, outgoing));
  });
  try {
    await listen(server, host, port, options.listen);
    const bound = server.address() as AddressInfo;
    const url = options.url ?? `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`;
    const services = await openServices(options, url);
    const mayBeCalled = hostCheck(server, [host, new URL(url).hostname, ...(options.allowedHosts ?? [])]);
    const routes = createRoutes(services, mayBeCalled, options.rateLimit);
    ready.resolve(getRequestListener(routes.fetch, { overrideGlobalObjects: false }));
    let closing: Promise<void> | undefined;
    return {
      url,
      issuer: services.oidc.url,
      trustedRootFile: join(options.directory, 'trusted_root.json'),
      signingConfigFile: join(options.directory, 'signing_config.v0.2.json'),
      signingConfigRekorV2File: join(options.directory, 'signing_config_rekor_v2.v0.2.json'),
      logVerifierKeys: services.verifierKeys,
      peopleFile: services.peopleFile,
      issueToken: (email) => services.oidc.issue(email),
      close: () => {
        closing ??= stop(server).then(services.close).then(unlock);
        return closing;
      },
    };
  } catch (error) {
    server.close();
    server.closeAllConnections();
    await unlock();
    throw error;
  }
}

function logWhenDone(
  log: NonNullable<SigstoreServerOptions['log']>,
  method: string,
  url: string,
  outgoing: ServerResponse,
): void {
  const began = performance.now();
  outgoing.once('close', () => {
    const fault = faults.get(outgoing);
    log({
      method,
      path: url.split('?', 1)[0]!,
      status: outgoing.statusCode,
      milliseconds: performance.now() - began,
      ...(fault === undefined ? {} : { fault }),
    });
  });
}

function checkUrl(text: string): void {
  if (URL.canParse(text) && /^https?:\/\/[^/?#@]+(\/[^?#]*[^/?#])?$/.test(text)) return;
  throw sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
    message: 'the URL of the server cannot be used',
    expected: 'https://HOST, without a slash at the end',
    found: printable(text, 200),
  });
}
