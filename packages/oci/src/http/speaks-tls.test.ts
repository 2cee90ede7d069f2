import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createSelfSigned } from '@pratique/crypto';
import { expect, onTestFinished, test } from 'vitest';
import { speaksTls } from './speaks-tls.ts';

const { certificatePem: cert, privateKeyPem: key } = createSelfSigned({ names: ['127.0.0.1'] });

async function ask(server: Server, timeoutMs = 5000, signal?: AbortSignal): Promise<boolean> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return await speaksTls(new URL(`https://127.0.0.1:${port}`), timeoutMs, signal);
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)('a server of %s only does', async (version) => {
  const options = { cert, key, minVersion: version, maxVersion: version };
  expect(await ask(createHttpsServer(options))).toBe(true);
});

test('a server that asks for a client certificate does', async () => {
  expect(await ask(createHttpsServer({ cert, key, requestCert: true }))).toBe(true);
});

test('an HTTP server does not', async () => {
  expect(await ask(createHttpServer())).toBe(false);
});

test('an HTTP server that reads line by line, as those written in Go do, does not, and is not waited for', async () => {
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        if (bytes.includes(0x0a)) socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      });
  });
  expect(await ask(server, 1000)).toBe(false);
});

test.each([
  ['hangs up', (socket: Socket) => socket.end()],
  ['resets the connection', (socket: Socket) => socket.resetAndDestroy()],
  ['greets first, in another protocol', (socket: Socket) => socket.write('SSH-2.0-x\r\n')],
])('a server that %s does not', async (_, behave) => {
  expect(
    await ask(createServer((socket) => void socket.on('error', () => {}).once('data', () => behave(socket)))),
  ).toBe(false);
});

test('a server that says nothing is a fault, neither yes nor no', async () => {
  await expect(ask(createServer(), 50)).rejects.toMatchObject({ code: 'OCI_TIMEOUT' });
});

test('nobody there is a fault', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await expect(speaksTls(new URL(`https://127.0.0.1:${port}`), 1000, undefined)).rejects.toMatchObject({
    code: 'OCI_UNREACHABLE',
  });
});

test('stops when the caller does', async () => {
  const signal = AbortSignal.timeout(50);
  await expect(ask(createServer(), 5000, signal)).rejects.toMatchObject({ code: 'OCI_TIMEOUT' });
});
