import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openServices } from './services.ts';

async function listen(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const request = (url: URL) => ({
  service: 'Fulcio',
  method: 'POST' as const,
  url,
  headers: { authorization: 'Bearer secret' },
  body: new Uint8Array(10),
  idempotent: true,
});

test('a token goes nowhere else: a redirect is the answer', async () => {
  const asked: unknown[] = [];
  const elsewhere = await listen(({ headers }, response) => {
    asked.push(headers.authorization);
    response.end('{}');
  });
  const services = openServices({});
  onTestFinished(services.close);
  for (const status of [301, 302, 303, 307, 308]) {
    const url = await listen((_, response) => response.writeHead(status, { location: elsewhere.href }).end());
    expect((await services.send(request(url))).status).toBe(status);
  }
  expect(asked).toEqual([]);
});

test.each<[string, RequestListener]>([
  [
    'trickles in for ever',
    (_, response) => {
      const timer = setInterval(() => response.write(' '.repeat(1000)), 50);
      response.on('close', () => clearInterval(timer));
    },
  ],
  [
    'is announced too large',
    (_, response) => void response.writeHead(200, { 'content-length': 50_000_000 }).write('{'),
  ],
  [
    'has no end',
    (_, response) => {
      const more = () => {
        while (response.write(' '.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    },
  ],
])('an answer that %s is a fault', async (_, listener) => {
  const services = openServices({}, {}, 2000);
  onTestFinished(services.close);
  await expect(services.send(request(await listen(listener)))).rejects.toMatchObject({
    code: 'SIGNING_SERVICE_UNREACHABLE',
  });
});
