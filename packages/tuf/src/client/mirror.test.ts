import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openMirror } from './mirror.ts';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const open = (url: string) => openMirror(url, { environment: {}, inactivityMs: 200, totalMs: 1000 });

test('a file is fetched with its name escaped', async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url);
    response.end('content');
  });
  const bytes = await open(`${url}/repo`).fetch(['targets', 'a/../b?c#d.json'], 100);
  expect(new TextDecoder().decode(bytes)).toBe('content');
  expect(asked).toEqual(['/repo/targets/a%2F..%2Fb%3Fc%23d.json']);
});

test('404 is an answer, anything else is none', async () => {
  let status = 404;
  const url = await serve((_request, response) => response.writeHead(status).end('x'));
  expect(await open(url).fetch(['a'], 100)).toBeUndefined();
  for (status of [401, 403, 429, 500, 503]) {
    await expect(open(url).fetch(['a'], 100)).rejects.toMatchObject({
      code: 'TUF_UNREACHABLE',
      found: `status ${status}`,
    });
  }
});

test.each<[string, RequestListener, string]>([
  ['more than it may', (_request, response) => void response.end('x'.repeat(101)), 'TUF_SIZE_EXCEEDED'],
  [
    'more than it may without saying how much',
    (_request, response) => {
      const more = () => response.write('x'.repeat(50)) && setTimeout(more, 1);
      more();
    },
    'TUF_SIZE_EXCEEDED',
  ],
  ['nothing', () => {}, 'TUF_UNREACHABLE'],
  [
    'a part and breaks off',
    (_request, response) => {
      response.writeHead(200, { 'content-length': '50' }).write('x', () => response.destroy());
    },
    'TUF_UNREACHABLE',
  ],
  [
    'a redirect to itself for ever',
    (request, response) => void response.writeHead(302, { location: request.url }).end(),
    'TUF_UNREACHABLE',
  ],
  [
    'a redirect to a file',
    (_request, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    'TUF_UNREACHABLE',
  ],
])('a mirror that sends %s is refused', async (_what, listener, code) => {
  const url = await serve(listener);
  await expect(open(url).fetch(['a'], 100)).rejects.toMatchObject({ code });
});

test('nobody listens', async () => {
  await expect(open('http://127.0.0.1:1').fetch(['a'], 100)).rejects.toMatchObject({
    code: 'TUF_UNREACHABLE',
  });
});

test('a repository in a directory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-mirror-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, '1.a%2Fb.json'), 'content');
  const mirror = open(pathToFileURL(directory).href);
  expect(new TextDecoder().decode(await mirror.fetch(['1.a/b.json'], 100))).toBe('content');
  expect(await mirror.fetch(['2.a/b.json'], 100)).toBeUndefined();
  await expect(mirror.fetch(['1.a/b.json'], 3)).rejects.toMatchObject({ code: 'TUF_SIZE_EXCEEDED' });
});

test.each(['ftp://example.test', 'example.test', ''])('%j is no mirror', (url) => {
  expect(() => open(url)).toThrow(expect.objectContaining({ code: 'TUF_UNREACHABLE' }));
});

test.skipIf(!existsSync('/dev/zero'))(
  'a file of a repository in a directory is bounded, also where it does not end',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pratique-mirror-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    symlinkSync('/dev/zero', join(directory, 'zero'));
    writeFileSync(join(directory, 'large'), 'x'.repeat(101));
    const mirror = open(pathToFileURL(directory).href);
    await expect(mirror.fetch(['zero'], 100)).rejects.toMatchObject({ code: 'TUF_UNREACHABLE' });
    await expect(mirror.fetch(['large'], 100)).rejects.toMatchObject({ code: 'TUF_SIZE_EXCEEDED' });
  },
);
