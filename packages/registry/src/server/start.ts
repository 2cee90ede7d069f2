import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { printable } from '@pratique/errors';
import { ByteBudget, boundConnections, hostCheck, listen, parseListen, stop } from '@pratique/storage';
import { registryErrors } from '../errors.ts';
import { defaultLimits, type Registry, type RegistryLimits, type RegistryOptions } from '../options.ts';
import { collectGarbage } from '../store/garbage.ts';
import { Store } from '../store/store.ts';
import { faults } from './answer.ts';
import { createRoutes } from './routes.ts';
import { type Service, Uploads } from './service.ts';

/**
 * Starts an OCI distribution server (distribution-spec v1.1) and resolves when it accepts connections.
 *
 * Everything it acknowledges is on disk first: `kill -9` at any moment loses nothing a client was told is stored.
 * One process at a time serves a directory. Throws `REGISTRY_LISTEN_INVALID`, `REGISTRY_LISTEN_FAILED`,
 * `REGISTRY_DIRECTORY_IN_USE` or `REGISTRY_DIRECTORY_UNUSABLE`.
 */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const { host, port } = requireListen(options.listen);
  const limits: RegistryLimits = { ...defaultLimits, ...options.limits };
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'pratique-registry-'));
  const store = await Store.open(directory);
  const memory = new ByteBudget(limits.memoryBytes);
  const server = createHttpServer(options, limits);
  const uploads = new Uploads(store.temporaryDirectory, limits, memory);
  const service: Service = {
    store,
    limits,
    uploads,
    memory,
    onPush: options.onPush,
    running: new Set(),
    mayBeCalled: options.tls ? () => true : hostCheck(server, [host, ...(options.allowedHosts ?? [])]),
    hasAccessControl: options.auth !== undefined,
  };
  answerRequests(server, service, options);
  const release = async () => {
    await Promise.allSettled(service.running);
    await uploads.close();
    await store.close();
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
  };
  try {
    await listen(server, host, port);
  } catch (cause) {
    await release();
    throw registryErrors.error('REGISTRY_LISTEN_FAILED', {
      message: `cannot listen on ${printable(options.listen)}`,
      found: (cause as NodeJS.ErrnoException).code,
      cause,
    });
  }

  const bound = server.address() as AddressInfo;
  const address = `${host.includes(':') ? `[${host}]` : host}:${bound.port}`;
  const startedAt = performance.now();
  let closing: Promise<void> | undefined;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${address}`,
    address,
    collectGarbage: ({ graceMs = 3_600_000 } = {}) => collectGarbage(store, { graceMs, startedAt }),
    close: () => {
      closing ??= stop(server, limits.closeMs).then(release);
      return closing;
    },
  };
}

function createHttpServer(options: RegistryOptions, limits: RegistryLimits): Server {
  const timeouts = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    // How often Node looks for connections over their time.
    connectionsCheckingInterval: Math.max(50, Math.min(30_000, limits.headersMs / 2)),
    keepAliveTimeout: Math.min(75_000, limits.idleMs),
  };
  const server = options.tls ? createTlsServer({ ...timeouts, ...options.tls }) : createServer(timeouts);
  server.timeout = limits.idleMs;
  boundConnections(server, limits.connections);
  return server;
}

function answerRequests(server: Server, service: Service, options: RegistryOptions): void {
  const app = createRoutes(service, options);
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  server.on('request', (incoming, outgoing: ServerResponse) => {
    // While stopping, a client is told not to send its next request here.
    if (!server.listening) outgoing.setHeader('Connection', 'close');
    if (options.log !== undefined)
      logWhenDone(options.log, incoming.method ?? '', incoming.url ?? '', outgoing);
    void listener(incoming, outgoing);
  });
}

function logWhenDone(
  log: NonNullable<RegistryOptions['log']>,
  method: string,
  url: string,
  outgoing: ServerResponse,
): void {
  const began = performance.now();
  outgoing.once('close', () => {
    const fault = faults.get(outgoing);
    const milliseconds = performance.now() - began;
    log({
      method,
      url,
      status: outgoing.statusCode,
      milliseconds,
      ...(fault === undefined ? {} : { fault }),
    });
  });
}

function requireListen(text: string): { readonly host: string; readonly port: number } {
  const parsed = parseListen(text);
  if (parsed !== undefined) return parsed;
  throw registryErrors.error('REGISTRY_LISTEN_INVALID', {
    message: 'the listen address is not HOST:PORT',
    expected: 'HOST:PORT, a port up to 65535',
    found: printable(text),
  });
}
