import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';
import { downloadAdvisories } from './download.ts';

const never = new AbortController().signal;
const record = JSON.stringify({
  id: 'GHSA-1',
  affected: [{ package: { ecosystem: 'npm', name: 'one' }, versions: ['1.0.0'] }],
});
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

let directory: string;
let server: Server;
let host: string;
let answer: RequestListener;
let asked: IncomingMessage[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-download-'));
  asked = [];
  answer = (_, response) => response.end(record);
  server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

const download = (text: string, more: object = {}) =>
  downloadAdvisories(text, { directory, signal: never, ...more });

test('db import fetches a URL, and imports what it holds', async () => {
  const terminal = testTerminal({
    cwd: directory,
    env: { HOME: directory, XDG_CACHE_HOME: join(directory, 'cache') },
  });
  const code = await run(['db', 'import', `http://${host}/npm/one.json`, '--db', 'mine.db'], terminal, never);
  expect([code, terminal.stdout]).toEqual([0, '1 entries stored and 0 withdrawn, from 1 file\n']);
});

test('what cannot be fetched imports nothing of the other inputs either', async () => {
  answer = (_, response) => response.writeHead(503).end();
  writeFileSync(join(directory, 'one.json'), record);
  const terminal = testTerminal({ cwd: directory, env: { HOME: directory } });
  const code = await run(
    ['db', 'import', 'one.json', `http://${host}/two.json`, '--db', 'mine.db'],
    terminal,
    never,
  );
  expect([code, terminal.stderr]).toEqual([1, expect.stringContaining('DOWNLOAD_FAILED')]);
  expect(existsSync(join(directory, 'mine.db'))).toBe(false);
});

test.each([
  ['etag', { etag: '"1"' }, 'if-none-match', '"1"'],
  [
    'date',
    { 'last-modified': 'Sat, 28 Nov 2026 00:00:00 GMT' },
    'if-modified-since',
    'Sat, 28 Nov 2026 00:00:00 GMT',
  ],
])('by its %s, what has not changed is not fetched again', async (_, headers, condition, value) => {
  answer = (request, response) =>
    request.headers[condition] === value
      ? response.writeHead(304).end()
      : response.writeHead(200, headers).end(record);
  const first = await download(`http://${host}/all.json`);
  expect(await download(`http://${host}/all.json`)).toBe(first);
  expect(readFileSync(first, 'utf8')).toBe(record);
  expect(asked.map((request) => request.headers[condition])).toEqual([undefined, value]);
  // What lies there and is not what came is fetched anew.
  writeFileSync(first, 'changed by somebody');
  await download(`http://${host}/all.json`);
  expect(readFileSync(first, 'utf8')).toBe(record);
});

test('a digest in the URL: the right content is taken, any other refused, also one kept from before', async () => {
  await download(`http://${host}/all.json#sha256=${sha256(record)}`);
  answer = (_, response) => response.end(`${record} `);
  const refused = { code: 'CHECKSUM_MISMATCH' };
  await expect(download(`http://${host}/all.json#sha256=${sha256(record)}`)).rejects.toMatchObject(refused);
  answer = (_, response) => response.writeHead(200, { etag: '"1"' }).end(record);
  await download(`http://${host}/all.json`);
  answer = (_, response) => response.writeHead(304).end();
  await expect(download(`http://${host}/all.json#sha256=${sha256('other')}`)).rejects.toMatchObject(refused);
  expect(globSync('**/*.tmp', { cwd: directory })).toEqual([]);
});

test('plain HTTP is not fetched from other machines without a digest, nor followed to them', async () => {
  const failed = { code: 'DOWNLOAD_FAILED', message: expect.stringContaining('only https') };
  await expect(download('http://mirror.invalid/all.zip')).rejects.toMatchObject(failed);
  answer = (_, response) => response.writeHead(302, { location: 'http://mirror.invalid/all.zip' }).end();
  await expect(download(`http://${host}/all.zip`)).rejects.toMatchObject(failed);
});

test.each<[what: string, answer: RequestListener, more: object]>([
  ['is not there', (_, response) => response.writeHead(404).end(record), {}],
  ['is larger than is taken', (_, response) => response.end('x'.repeat(1001)), { maxBytes: 1000 }],
  [
    'is cut off',
    (_, response) =>
      response.writeHead(200, { 'content-length': '9999' }).write('x', () => response.destroy()),
    {},
  ],
  ['stops coming', (_, response) => response.writeHead(200).write('x'), { idleMs: 50 }],
  ['answers 304 to a question without a condition', (_, response) => response.writeHead(304).end(), {}],
  ['leads in circles', (_, response) => response.writeHead(302, { location: '/again' }).end(), {}],
])('what %s is a fault, and nothing is left', async (_what, reply, more) => {
  answer = reply;
  await expect(download(`http://${host}/secret/all.json?token=hunter2`, more)).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
    message: expect.not.stringContaining('hunter2'),
  });
  expect(globSync('**/all.json*', { cwd: directory })).toEqual([]);
});

test.each(['http://', 'https://a/b#sha256=1', 'https://a/b#md5=00'])('%s is refused', async (url) => {
  await expect(download(url)).rejects.toMatchObject({ code: 'USAGE' });
});
