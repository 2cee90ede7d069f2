/**
 * Our registry beside docker-registry (distribution): each server in its own process on its own empty directory, one
 * client for both, rounds taken in turns so that a noisy moment hits both. Medians.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installTools } from '../test/tools/install.ts';
import type { Row } from './row.ts';

const MB = 1_000_000;
const root = fileURLToPath(new URL('..', import.meta.url));

interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: number;
}

type Measure = (server: Server, round: number) => Promise<number>;

export async function run(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-registry-'));
  const servers: Server[] = [];
  try {
    const ours = await startOurs(join(directory, 'ours'));
    servers.push(ours);
    const peer = await startDockerRegistry(directory);
    servers.push(peer);
    const compare = async (what: string, unit: string, goal: number, rounds: number, measure: Measure) => {
      const numbers = { ours: [] as number[], peer: [] as number[] };
      // Round 0 warms both up and is not counted.
      for (let round = 0; round <= rounds; round += 1) {
        for (const [name, server] of [['ours', ours] as const, ['peer', peer] as const]) {
          const value = await measure(server, round);
          if (round > 0) numbers[name].push(value);
        }
      }
      const [a, b] = [median(numbers.ours), median(numbers.peer)];
      return { what, ours: a, peer: b, unit, ratio: a / b, goal, peerName: 'docker-registry' } satisfies Row;
    };
    return [
      await compare('blob push, 100 MB', 'MB/s', 1, 7, pushing(100 * MB, 1, 1)),
      await compare('blob push, 1 MB, one by one', 'MB/s', 1, 5, pushing(MB, 30, 1)),
      await compare('blob push, 1 MB, 8 at a time', 'MB/s', 1, 5, pushing(MB, 64, 8)),
      await compare('blob pull, 100 MB', 'MB/s', 1, 7, pulling(100 * MB, 3, 1, pullRaw)),
      await compare('blob pull, 1 MB, one by one', 'MB/s', 1, 5, pulling(MB, 200, 1)),
      await compare('blob pull, 1 MB, 8 at a time', 'MB/s', 1, 5, pulling(MB, 200, 8)),
      await compare('manifest GET by tag, 8 at a time', 'GET/s', 5, 5, gettingManifests(1500)),
    ];
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    agent.destroy();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** MB/s of `count` new blobs, POST then PUT, `width` at a time. */
function pushing(size: number, count: number, width: number): Measure {
  const base = randomBytes(size);
  return async (server, round) => {
    const blobs = Array.from({ length: count }, (_, index) => {
      const bytes = Buffer.from(base);
      bytes.writeUInt32BE(round * 100_000 + index);
      return { bytes, digest: digestOf(bytes) };
    });
    return (
      (size * count) / MB / (await seconds(blobs, width, ({ bytes, digest }) => push(server, bytes, digest)))
    );
  };
}

/** MB/s of one blob read `count` times, `width` at a time. */
function pulling(size: number, count: number, width: number, pull = pullHttp): Measure {
  const bytes = randomBytes(size);
  const digest = digestOf(bytes);
  return async (server, round) => {
    if (round === 0) await push(server, bytes, digest);
    const path = `/v2/bench/blobs/${digest}`;
    return (size * count) / MB / (await seconds(Array(count).fill(0), width, () => pull(server, path, size)));
  };
}

async function pullHttp(server: Server, path: string, size: number): Promise<void> {
  const answer = await call(server, 'GET', path);
  if (answer.status !== 200 || answer.bytes !== size) throw new Error(`pull: ${answer.status}`);
}

/** A large blob over a bare socket into one buffer: Node's HTTP client would be slower than either server. */
function pullRaw({ port }: Server, path: string, size: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let status = '';
    const callback = (count: number, buffer: Uint8Array) => {
      if (bytes === 0) status = Buffer.from(buffer.subarray(0, 12)).toString();
      bytes += count;
      return true;
    };
    const onread = { buffer: Buffer.allocUnsafe(1024 * 1024), callback };
    const socket = connect({ host: '127.0.0.1', port, onread });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    socket.once('error', reject);
    socket.once('close', () => {
      if (status === 'HTTP/1.1 200' && bytes > size) resolve();
      else reject(new Error(`pull: ${status}, ${bytes} bytes`));
    });
  });
}

function gettingManifests(count: number): Measure {
  const config = Buffer.from('{}');
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const descriptor = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: digestOf(config),
    size: 2,
  };
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config: descriptor, layers: Array(12).fill(descriptor) }),
  );
  return async (server, round) => {
    if (round === 0) {
      await push(server, config, descriptor.digest);
      const put = await call(server, 'PUT', '/v2/bench/manifests/latest', manifest, {
        'Content-Type': mediaType,
      });
      if (put.status !== 201) throw new Error(`manifest put: ${put.status}`);
    }
    const elapsed = await seconds(Array(count).fill(0), 8, async () => {
      const answer = await call(server, 'GET', '/v2/bench/manifests/latest', undefined, {
        Accept: mediaType,
      });
      if (answer.status !== 200 || answer.bytes !== manifest.length)
        throw new Error(`manifest: ${answer.status}`);
    });
    return count / elapsed;
  };
}

async function push(server: Server, bytes: Buffer, digest: string): Promise<void> {
  const { headers } = await call(server, 'POST', '/v2/bench/blobs/uploads/');
  const location = new URL(headers.location ?? '', `http://127.0.0.1:${server.port}`);
  location.searchParams.set('digest', digest);
  const type = { 'Content-Type': 'application/octet-stream' };
  const { status } = await call(server, 'PUT', `${location.pathname}${location.search}`, bytes, type);
  if (status !== 201) throw new Error(`push: ${status}`);
}

/** Runs `work` over `items`, `width` at a time; returns the seconds it took. */
async function seconds<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<number> {
  const queue = [...items];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let item = queue.pop(); item !== undefined; item = queue.pop()) await work(item);
    }),
  );
  return (performance.now() - began) / 1000;
}

const agent = new Agent({ keepAlive: true });

function call(
  { port }: Server,
  method: string,
  path: string,
  body?: Buffer,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = method === 'GET' ? {} : { 'Content-Length': body?.length ?? 0 };
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent,
      headers: { ...headers, ...length },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes }),
      );
    });
    outgoing.end(body);
  });
}

async function startOurs(directory: string): Promise<Server> {
  const port = await freePort();
  const options = JSON.stringify({ listen: `127.0.0.1:${port}`, directory });
  const code = `import { startRegistry } from '@pratique/registry'; await startRegistry(${options});`;
  return started(
    port,
    spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: root, stdio: 'inherit' }),
  );
}

async function startDockerRegistry(directory: string): Promise<Server> {
  const port = await freePort();
  const config = join(directory, 'docker-registry.yml');
  writeFileSync(
    config,
    [
      'version: 0.1',
      'log: { level: error, accesslog: { disabled: true } }',
      `storage: { cache: { blobdescriptor: inmemory }, filesystem: { rootdirectory: ${join(directory, 'peer')} } }`,
      `http: { addr: '127.0.0.1:${port}' }`,
      '',
    ].join('\n'),
  );
  const tools = await installTools(['docker-registry']);
  return started(port, spawn(tools['docker-registry'], ['serve', config], { stdio: 'ignore' }));
}

async function started(port: number, child: ReturnType<typeof spawn>): Promise<Server> {
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code) => resolve(`exited with ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  const server = {
    port,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
  for (;;) {
    const answered = await call(server, 'GET', '/v2/').then(
      () => true,
      () => false,
    );
    if (answered) return server;
    const failure = await Promise.race([ended, setTimeout(50)]);
    if (failure !== undefined) throw new Error(`${child.spawnfile}: ${failure}`);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
