import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { impatient, quick } from '../testing/options.ts';
import { openRepository } from './client.ts';

/** A server that takes connections and counts greetings in TLS; `answer` says what it does with what came. */
async function start(answer: (socket: Socket, greeting: boolean) => void) {
  const sockets = new Set<Socket>();
  let greetings = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const greeting = data[0] === 0x16;
      if (greeting) greetings++;
      answer(socket, greeting);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { host: `127.0.0.1:${port}`, greetings: () => greetings };
}

test('whether a registry speaks TLS is tried once by requests that come together', async () => {
  const { host, greetings } = await start((socket) =>
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
  );
  const repository = openRepository(`${host}/app`, quick);
  const asked = ['v1', 'v2', 'v3', 'v4'].map((tag) => repository.getManifest(tag));
  const outcomes = await Promise.allSettled(asked);
  expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(
    Array(4).fill('OCI_NOT_FOUND'),
  );
  expect(greetings()).toBe(1);
});

test('who gives up while that is tried does not spoil it for the others', async () => {
  const held: Socket[] = [];
  const { host } = await start((socket, greeting) => {
    if (greeting) held.push(socket);
    else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  const repository = openRepository(`${host}/app`, quick);
  const abort = new AbortController();
  const first = repository.getManifest('v1', { signal: abort.signal });
  const second = repository.getManifest('v1');
  abort.abort();
  await expect(first).rejects.toMatchObject({ code: 'OCI_CANCELLED' });
  while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  held[0]!.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  await expect(second).rejects.toMatchObject({ code: 'OCI_NOT_FOUND' });
});

test('a failed try is a fault, and is not kept', async () => {
  let silent = true;
  const { host } = await start((socket, greeting) => {
    if (greeting && silent) return;
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  const repository = openRepository(`${host}/app`, {
    ...impatient,
    limits: { ...impatient.limits, connectMs: 100 },
    retry: { ...quick.retry, attempts: 1 },
  });
  await expect(repository.getManifest('v1')).rejects.toMatchObject({ code: 'OCI_TIMEOUT' });
  silent = false;
  await expect(repository.getManifest('v1')).rejects.toMatchObject({ code: 'OCI_NOT_FOUND' });
});
