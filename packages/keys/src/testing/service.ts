import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a fake service answers: a status, a document, or both. */
export type Answer = number | string | object | readonly [status: number, document: object];

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** The JSON document that was sent, or the text where it is none. */
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
        body: text === '' ? null : text.startsWith('{') ? JSON.parse(text) : text,
      };
      asked.push(one);
      const answered = answer(one);
      const [status, given]: readonly [number, string | object] = Array.isArray(answered)
        ? (answered as [number, object])
        : typeof answered === 'number'
          ? [answered, { errors: [`status ${answered}`] }]
          : [200, answered as string | object];
      response.statusCode = status;
      response.end(typeof given === 'string' ? given : JSON.stringify(given));
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
