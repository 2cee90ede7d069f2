import type { Server } from 'node:http';
import { printable } from '@pratique/errors';
import { sigstoreServerErrors } from '../errors.ts';

/** Of a server, in milliseconds. */
export const timeouts = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 60_000 };
/** How long `stop` waits for requests in flight before it cuts them. */
const patienceMs = 10_000;

/** @throws SIGSTORE_SERVER_LISTEN_FAILED */
export async function listen(server: Server, host: string, port: number, shown: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_LISTEN_FAILED', {
      message: `cannot listen on ${printable(shown)}`,
      found: (cause as NodeJS.ErrnoException).code,
      cause,
    });
  }
}

/** Takes no more requests, and resolves when those in flight are answered. */
export async function stop(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), patienceMs);
    // A connection whose last answer went out becomes idle, and would otherwise be kept for the next request.
    const reaper = setInterval(() => server.closeIdleConnections(), 20);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(reaper);
      resolve();
    });
  });
}

/** @throws SIGSTORE_SERVER_LISTEN_INVALID */
export function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(listen);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_LISTEN_INVALID', {
      message: 'the listen address is not HOST:PORT',
      expected: 'HOST:PORT',
      found: printable(listen),
    });
  }
  return { host, port };
}
