import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { VirtualNotary } from './virtual-notary.ts';

export interface ServedNotary {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): void;
}

/** The repositories on loopback, as a Notary server has them: what is changed in one is answered from then on. */
export async function serveNotary(...repositories: readonly VirtualNotary[]): Promise<ServedNotary> {
  const server = createServer(({ url }, response) => {
    const [, repository, file] = /^\/v2\/(.+)\/_trust\/tuf\/(.+)$/.exec(url ?? '') ?? [];
    const found = repositories.find((one) => one.repository === repository);
    if (found?.reachable === false) return void response.writeHead(503).end();
    const bytes = found?.files.get(file ?? '');
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
