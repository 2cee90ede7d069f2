import type { Server } from 'node:http';

/** An address to listen on, written `HOST:PORT` or `[::1]:PORT`; port 0 means any free one. Undefined for anything else. */
export function parseListen(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** Resolves when the server takes connections; rejects with what the system says. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * Takes no more connections, and resolves when the requests in flight are answered.
 *
 * @param patienceMs after this long they are cut
 */
export function stop(server: Server, patienceMs: number): Promise<void> {
  return new Promise((resolve) => {
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
