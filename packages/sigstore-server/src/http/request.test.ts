import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { ByteBudget } from '@pratique/storage';
import { expect, onTestFinished, test } from 'vitest';
import { createBoundedServer } from './listener.ts';
import { Refusal } from './refusal.ts';
import { readBody } from './request.ts';

/** A request whose head and beginning of a body were sent, and its connection. */
async function begin(rest: string) {
  const server = createBoundedServer(200);
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\n${rest}`);
  const [incoming, outgoing] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  return { socket, incoming, outgoing };
}

test.each([['Content-Length: 100\r\n\r\n{"half":'], ['Transfer-Encoding: chunked\r\n\r\n8\r\n{"half":\r\n']])(
  'a body whose client goes away is the client’s doing, not a fault of the server',
  async (rest) => {
    const { socket, incoming } = await begin(rest);
    const read = readBody(incoming, 1000);
    socket.destroy();
    await expect(read).rejects.toThrow(Refusal);
  },
);

test('bodies that stay halfway take no more memory together than there is for them', async () => {
  const budget = new ByteBudget(100_000);
  const head = 'Content-Length: 200000\r\n\r\n';
  const first = await begin(`${head}${'x'.repeat(160_000)}`);
  const stays = readBody(first.incoming, 200_000, budget).catch((error: unknown) => error);
  const second = await begin(`${head}${'x'.repeat(200_000)}`);
  const isTaken = () => {
    const probe = budget.share();
    const isRoom = probe.take(64 * 1024 + 50_000);
    probe.release();
    return !isRoom;
  };
  await expect.poll(isTaken).toBe(true);
  await expect(readBody(second.incoming, 200_000, budget)).rejects.toMatchObject({ status: 503 });
  first.socket.destroy();
  await stays;
  const third = await begin(`Content-Length: 160000\r\n\r\n${'x'.repeat(160_000)}`);
  expect(await readBody(third.incoming, 200_000, budget)).toHaveLength(160_000);
});

test('a client that does not read its answer is disconnected', async () => {
  const { socket, outgoing } = await begin('Content-Length: 0\r\n\r\n');
  socket.pause();
  const whole = 64 * 1024 * 1024;
  outgoing.end(Buffer.alloc(whole));
  await once(outgoing, 'close');
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
  });
  socket.resume();
  await once(socket, 'close');
  expect(received).toBeLessThan(whole);
});
