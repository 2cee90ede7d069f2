import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A proxy that leads every connection to one port of this machine, whatever host it was asked for. */
export async function startTunnel(port: number): Promise<{ readonly url: string; stop(): void }> {
  const server = createServer((_, response) => response.writeHead(405).end());
  const open = new Set<Socket>();
  server.on('connect', (_, client: Socket, head) => {
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      target.pipe(client).pipe(target);
    });
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on('error', () => [client, target].forEach((one) => void one.destroy()));
      socket.on('close', () => open.delete(socket));
    }
  });
  await new Promise<void>((resolve) => server.unref().listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
