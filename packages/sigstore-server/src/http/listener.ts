import { createServer, type Server } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { printable } from '@pratique/errors';
import * as storage from '@pratique/storage';
import type { MiddlewareHandler } from 'hono';
import { sigstoreServerErrors } from '../errors.ts';
import { Refusal } from './refusal.ts';

const timeouts = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 60_000 };
const maxConnections = 1024;

/**
 * A server whose connections are bounded in number and in what they may take: 10 seconds to the end of the headers, a
 * minute to that of the body.
 *
 * @param idleMs a connection on which nothing moves for so long is closed: also one that does not read its answer
 */
export function createBoundedServer(idleMs = 60_000): Server {
  const server = createServer(timeouts);
  storage.boundConnections(server, maxConnections);
  server.timeout = idleMs;
  return server;
}
/** @throws Refusal 421 where the server does not go by the name it is asked under */
export function requireOwnName(
  mayBeCalled: storage.HostCheck,
): MiddlewareHandler<{ Bindings: HttpBindings }> {
  return async ({ env }, next) => {
    if (!mayBeCalled(env.incoming.headers.host))
      throw new Refusal(421, 'the server does not go by this name: --allowed-host gives it one');
    await next();
  };
}

/** How long `stop` waits for requests in flight before it cuts them. */
const patienceMs = 10_000;

/** @throws SIGSTORE_SERVER_LISTEN_FAILED */
export async function listen(server: Server, host: string, port: number, shown: string): Promise<void> {
  try {
    await storage.listen(server, host, port);
  } catch (cause) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_LISTEN_FAILED', {
      message: `cannot listen on ${printable(shown)}`,
      found: (cause as NodeJS.ErrnoException).code,
      cause,
    });
  }
}

/** Takes no more requests, and resolves when those in flight are answered. */
export const stop = (server: Server): Promise<void> => storage.stop(server, patienceMs);

/** @throws SIGSTORE_SERVER_LISTEN_INVALID */
export function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const parsed = storage.parseListen(listen);
  if (parsed !== undefined) return parsed;
  throw sigstoreServerErrors.error('SIGSTORE_SERVER_LISTEN_INVALID', {
    message: 'the listen address is not HOST:PORT',
    expected: 'HOST:PORT, a port up to 65535',
    found: printable(listen),
  });
}
