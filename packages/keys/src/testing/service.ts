import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a fake service answers: a status, or a document. */
export type Answer = number | string | object;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** A service on this machine, over HTTP or TLS, that answers with what `answer` says; gone when the test is done. */
export async function startService(
  answer: (asked: Asked) => Answer,
  tls?: { readonly cert: string; readonly key: string },
): Promise<{ readonly url: string; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const one: Asked = {
        method: request.method!,
        path: request.url!,
        headers: request.headers,
        body: text === '' ? null : JSON.parse(text),
      };
      asked.push(one);
      const given = answer(one);
      response.statusCode = typeof given === 'number' ? given : 200;
      if (typeof given === 'number') response.end(JSON.stringify({ errors: [`status ${given}`] }));
      else response.end(typeof given === 'string' ? given : JSON.stringify(given));
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
  };
}
