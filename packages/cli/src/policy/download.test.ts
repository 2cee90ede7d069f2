import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { DownloadCache } from './bundle-cache.ts';
import { download } from './download.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<URL> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/bundle.tar.gz`);
}

function memory(): DownloadCache {
  let kept: ReturnType<DownloadCache['read']>;
  return {
    read: () => kept,
    write: (etag, bytes) => {
      kept = { etag, bytes };
    },
  };
}

function options(cache = memory()) {
  return { signal: new AbortController().signal, maxBytes: 1000, allowHttp: false, cache };
}

test('what has not changed is not sent again', async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.headers['if-none-match']);
    if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
    else response.writeHead(200, { etag: '"v1"' }).end('content');
  });
  const cache = memory();
  for (let round = 0; round < 2; round++) {
    expect(new TextDecoder().decode(await download(url, options(cache)))).toBe('content');
  }
  expect(asked).toEqual([undefined, '"v1"']);
});

test.each([
  ['says 404', (_, response) => response.writeHead(404).end()],
  ['says 500', (_, response) => response.writeHead(500).end('content')],
  ['says 304 without having been asked', (_, response) => response.writeHead(304).end()],
  ['sends too much', (_, response) => response.end('x'.repeat(1001))],
  [
    'stops in the middle',
    (_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('12345');
      setImmediate(() => response.destroy());
    },
  ],
  ['redirects for ever', (_, response) => response.writeHead(302, { location: '/again' }).end()],
  [
    'redirects to plain http elsewhere',
    (_, response) => response.writeHead(302, { location: 'http://192.0.2.1/' }).end(),
  ],
  [
    'redirects to a file',
    (_, response) => response.writeHead(302, { location: 'file:///etc/hostname' }).end(),
  ],
] as [string, RequestListener][])('a server that %s is a fault and no bundle', async (_, listener) => {
  await expect(download(await serve(listener), options())).rejects.toMatchObject({ name: 'BundleError' });
});

test('plain http is for this machine only, and secrets in a URL stay out of messages', async () => {
  const url = new URL('http://user:secret@bundles.example/b.tar.gz?token=secret');
  const error = await download(url, options()).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ name: 'BundleError' });
  expect((error as Error).message).not.toContain('secret');
});
