import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { boundConnections, peerOf } from './connections.ts';

/** A server for four connections that answers `/` and lets everybody else wait. */
async function serve(): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    if (incoming.url === '/') outgoing.end('ok');
  });
  boundConnections(server, 4);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** A connection from `localAddress` with a request of which the server knows. */
async function begin(server: Server, localAddress: string, text: string): Promise<Socket> {
  const socket = connect({ port: portOf(server), host: '127.0.0.1', localAddress });
  socket.on('error', () => {}).resume();
  onTestFinished(() => void socket.destroy());
  socket.write(text);
  await once(server, 'request');
  return socket;
}

const halfway = 'POST /wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{';
const whole = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** What comes back to one more client: a status, or what went wrong. */
function ask(server: Server, localAddress: string): Promise<number | string | undefined> {
  return new Promise((resolve) => {
    const options = { port: portOf(server), host: '127.0.0.1', localAddress, agent: false };
    get(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
}

test('who holds all connections with requests that do not end keeps nobody out who has another address', async () => {
  const server = await serve();
  const open: Socket[] = [];
  for (let i = 0; i < 4; i++) open.push(await begin(server, '127.0.0.2', halfway));
  const gone = once(open[3]!, 'close');
  expect(await ask(server, '127.0.0.1')).toBe(200);
  await gone;
  expect(open.map(({ closed }) => closed)).toEqual([false, false, false, true]);
  // The connection that was answered is gone, and its place with it.
  await begin(server, '127.0.0.2', halfway);
  expect(await ask(server, '127.0.0.2')).toBe('ECONNRESET');
  expect(await ask(server, '127.0.0.1')).toBe(200);
});

test('of one address the connection goes that waits longest for a request', async () => {
  const server = await serve();
  const open = [
    await begin(server, '127.0.0.2', halfway),
    await begin(server, '127.0.0.2', whole),
    await begin(server, '127.0.0.2', whole),
    await begin(server, '127.0.0.2', whole),
  ];
  const [, first, second] = open as [Socket, Socket, Socket];
  // Once more on the first: the second waits longer now.
  const answered = once(server, 'request');
  first.write(whole);
  await answered;
  const gone = once(second, 'close');
  expect(await ask(server, '127.0.0.2')).toBe(200);
  await gone;
  expect(open.map(({ closed }) => closed)).toEqual([false, false, true, false]);
});

test('an address that has few connections keeps them', async () => {
  const server = await serve();
  const kept = await begin(server, '127.0.0.1', whole);
  for (let i = 0; i < 3; i++) await begin(server, '127.0.0.2', halfway);
  for (let i = 0; i < 10; i++) expect(await ask(server, '127.0.0.2')).toBe('ECONNRESET');
  const answered = once(server, 'request');
  kept.write(whole);
  await answered;
  expect(kept.closed).toBe(false);
});

test('addresses of one network of IPv6 share what one address of IPv4 has', () => {
  expect(peerOf('2001:db8:1:2:3:4:5:6')).toBe(peerOf('2001:db8:1:2::1'));
  expect(peerOf('2001:db8:1:2::1')).not.toBe(peerOf('2001:db8:1:3::1'));
  expect(peerOf('2001:db8::1')).toBe(peerOf('2001:db8::ffff:0:0:1'));
  expect(peerOf('::1')).not.toBe(peerOf('2001:db8::1'));
  expect(peerOf('::ffff:10.0.0.1')).not.toBe(peerOf('::ffff:10.0.0.2'));
});
