import { randomBytes } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packChunks } from './chunks.ts';
import { HttpSink, type HttpSinkOptions } from './http.ts';

interface Upload {
  readonly path: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: number;
  readonly events: readonly { n: number }[];
}

let server: Server;
let uploads: Upload[];
let lost: Record<string, number>;
let problems: Error[];
let answer: (outgoing: ServerResponse) => void;

beforeEach(async () => {
  [uploads, lost, problems] = [[], {}, []];
  answer = (outgoing) => outgoing.writeHead(200).end();
  server = createServer((incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    incoming.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      uploads.push({
        path: incoming.url,
        headers: incoming.headers,
        bytes: body.byteLength,
        events: JSON.parse(gunzipSync(body).toString()),
      });
      answer(outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const sink = (options: Partial<HttpSinkOptions> = {}) =>
  new HttpSink({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    chunkBytes: 32_768,
    bufferedEvents: 10_000,
    delayMs: 10,
    onProblem: (error) => problems.push(error),
    onLost: (reason, events) => {
      lost[reason] = (lost[reason] ?? 0) + events;
    },
    ...options,
  });
const line = (n: number, extra = {}) => JSON.stringify({ n, ...extra });
const numbers = () => uploads.flatMap(({ events }) => events.map(({ n }) => n));
const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

test('events go to /logs as a gzipped JSON array, in their order, by themselves', async () => {
  const log = sink();
  for (let n = 0; n < 20; n++) await log.write(line(n));
  await until(() => numbers().length === 20);
  expect(numbers()).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(uploads[0]).toMatchObject({
    path: '/logs',
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
  });
  await log.close();
});

test('a partition is part of the path', async () => {
  const log = sink({ partition: 'eu-1' });
  await log.write(line(1));
  await log.close();
  expect(uploads[0]?.path).toBe('/logs/eu-1');
});

test('no upload is larger than the limit, and nothing is lost by that', async () => {
  const log = sink({ chunkBytes: 4_096 });
  for (let n = 0; n < 60; n++) await log.write(line(n, { noise: randomBytes(300).toString('hex') }));
  await log.close();
  expect(numbers()).toEqual(Array.from({ length: 60 }, (_, n) => n));
  for (const { bytes } of uploads) expect(bytes).toBeLessThanOrEqual(4_096);
});

test('an event that is larger than an upload is left out and counted, and the others go', async () => {
  const log = sink({ chunkBytes: 1_024 });
  for (const [n, size] of [10, 4_000, 10].entries())
    await log.write(line(n, { noise: randomBytes(size).toString('hex') }));
  await log.close();
  expect(numbers()).toEqual([0, 2]);
  expect(lost).toEqual({ too_large: 1 });
});

test.each<[string, (outgoing: ServerResponse) => void]>([
  ['refuses', (outgoing) => outgoing.writeHead(503).end()],
  ['wants no token', (outgoing) => outgoing.writeHead(401).end()],
  ['sends elsewhere', (outgoing) => outgoing.writeHead(302, { location: '/' }).end()],
  ['hangs up', (outgoing) => outgoing.destroy()],
])('a service that %s gets the events later', async (_name, failing) => {
  let failures = 2;
  answer = (outgoing) => (failures-- > 0 ? failing(outgoing) : outgoing.writeHead(200).end());
  const log = sink();
  await log.write(line(1));
  await until(() => uploads.length >= 3);
  await log.close();
  expect(numbers()).toEqual([1, 1, 1]);
  expect(problems).toHaveLength(2);
  expect(lost).toEqual({});
});

test('while the service is away, only so many events wait, and those that made room are counted', async () => {
  answer = (outgoing) => outgoing.writeHead(503).end();
  const log = sink({ bufferedEvents: 10, delayMs: 60_000 });
  for (let n = 0; n < 25; n++) await log.write(line(n));
  expect(lost).toEqual({ buffer_full: 15 });
  answer = (outgoing) => outgoing.writeHead(200).end();
  await log.close();
  expect(numbers()).toEqual(Array.from({ length: 10 }, (_, n) => n + 15));
});

test('what waits is uploaded when the server stops', async () => {
  const log = sink({ delayMs: 60_000 });
  await log.write(line(1));
  expect(uploads).toEqual([]);
  await log.close();
  expect(numbers()).toEqual([1]);
});

test('packing loses and doubles nothing', async () => {
  const lines = Array.from({ length: 300 }, (_, n) =>
    line(n, { noise: randomBytes(n % 40).toString('hex') }),
  );
  const { chunks, tooLarge } = await packChunks(lines, 1_500);
  expect(tooLarge).toBe(0);
  const unpacked = chunks.flatMap(({ bytes }) => JSON.parse(gunzipSync(bytes).toString()) as { n: number }[]);
  expect(unpacked.map(({ n }) => n)).toEqual(lines.map((_, n) => n));
});
