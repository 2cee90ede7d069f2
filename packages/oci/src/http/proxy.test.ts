import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { digestOf } from '../reference/digest.ts';
import { openRepository } from '../registry/client.ts';
import { quick } from '../testing/options.ts';
import { startScripted } from '../testing/server.ts';

const content = new TextEncoder().encode('content');
const blob = { digest: digestOf(content), size: content.length };

/** A proxy that brings every request to `host`, whatever name was asked for. */
async function startProxy(host: string) {
  const seen: string[] = [];
  const [hostname, port] = host.split(':') as [string, string];
  const server = createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    const { pathname, search } = new URL(incoming.url!);
    const onward = request({ hostname, port, path: pathname + search, method: incoming.method }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, socket) => {
    seen.push(`CONNECT ${incoming.url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

describe('behind a proxy', () => {
  test('a registry is reached through it, TLS first in a tunnel, plain http only where permitted', async () => {
    const { host } = await startScripted((_, response) => void response.end(content));
    const proxy = await startProxy(host);
    const environment = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
    const repository = openRepository('registry.test:5000/app', { ...quick, environment, allowHttp: true });
    expect(await repository.getBlob(blob)).toEqual(content);
    expect(proxy.seen[0]).toBe('CONNECT registry.test:5000');
    expect(proxy.seen.at(-1)).toBe(`GET http://registry.test:5000/v2/app/blobs/${blob.digest}`);

    const strict = openRepository('registry.test:5000/app', { ...quick, environment });
    await expect(strict.getBlob(blob)).rejects.toThrow(expect.objectContaining({ code: 'OCI_UNREACHABLE' }));
    expect(proxy.seen.at(-1)).toBe('CONNECT registry.test:5000');
  });

  test('a registry on this machine is reached directly', async () => {
    const { host } = await startScripted((_, response) => void response.end(content));
    const proxy = await startProxy(host);
    const environment = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
    expect(await openRepository(`${host}/app`, { ...quick, environment }).getBlob(blob)).toEqual(content);
    expect(proxy.seen).toEqual([]);
  });
});
