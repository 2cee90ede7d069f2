import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openKeyService } from './service.ts';

const token = 's.very-secret-token';

/** A service that answers with what `listener` does, opened with a token. */
async function service(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const opened = openKeyService({
    name: 'Vault',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorization: { headers: { 'x-vault-token': token }, secrets: [token] },
    connection: {},
    environment: {},
    signal: undefined,
    totalMs: 2000,
    answers: [404],
  });
  onTestFinished(() => opened.close());
  return opened;
}

test('a token goes nowhere else: redirects are refusals', async () => {
  const asked: (string | undefined)[] = [];
  const elsewhere = createServer(({ url }, response) => {
    asked.push(url);
    response.end('{}');
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void elsewhere.close());
  const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/stolen`;
  for (const status of [301, 302, 303, 307, 308]) {
    const { send } = await service((_, response) => response.writeHead(status, { location }).end());
    await expect(send('GET', '/v1/x')).rejects.toMatchObject({ code: 'KEY_SERVICE_REFUSED' });
  }
  expect(asked).toEqual([]);
});

test.each<[string, RequestListener, string]>([
  [
    'trickles in for ever',
    (_, response) => {
      const timer = setInterval(() => response.write(' '.repeat(1000)), 50);
      response.on('close', () => clearInterval(timer));
    },
    'KEY_SERVICE_UNREACHABLE',
  ],
  [
    'is announced too large',
    (_, response) => void response.writeHead(200, { 'content-length': 5_000_000 }).write('{'),
    'KEY_SERVICE_UNREACHABLE',
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
    'KEY_SERVICE_UNREACHABLE',
  ],
  ['is nested without end', (_, response) => void response.end('['.repeat(1_000_000)), 'KEY_SERVICE_ANSWER'],
  ['says a member twice', (_, response) => void response.end('{"data":{},"data":{}}'), 'KEY_SERVICE_ANSWER'],
  ['is a list', (_, response) => void response.end('[]'), 'KEY_SERVICE_ANSWER'],
  [
    'repeats the token',
    (request, response) =>
      void response.writeHead(403).end(JSON.stringify({ errors: [request.headers['x-vault-token']] })),
    'KEY_SERVICE_REFUSED',
  ],
])('an answer that %s is a fault', async (_, listener, code) => {
  const { send } = await service(listener);
  const error = await send('GET', '/v1/x').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code });
  expect(String(error) + JSON.stringify(error)).not.toContain(token);
});
