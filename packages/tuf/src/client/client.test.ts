import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { now, VirtualRepository } from '../testing/virtual-repository.ts';
import { Cache } from './cache.ts';
import { initializeTuf, type OpenOptions, openTuf } from './client.ts';

const hour = 60 * 60 * 1000;
const after = (hours: number) => new Date(now.getTime() + hours * hour);

let directory: string;
let cache: Cache;
let repository: VirtualRepository;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-tuf-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  cache = new Cache(directory, (error) => {
    throw error;
  });
  repository = new VirtualRepository();
});

async function read(options: Partial<OpenOptions> = {}): Promise<string> {
  const client = await openTuf({
    cache,
    mirror: repository.mirror(),
    offline: false,
    now,
    onStale: (error) => {
      throw error;
    },
    ...options,
  });
  return new TextDecoder().decode(await client.read('trusted_root.json'));
}

const initialize = () =>
  initializeTuf({ cache, mirror: repository.mirror(), root: repository.bootstrap, now }, [
    'trusted_root.json',
  ]);

test('the cache has the files that cosign looks for', async () => {
  await initialize();
  expect(readdirSync(directory, { recursive: true }).sort()).toEqual([
    'remote.json',
    'tuf.example.test',
    'tuf.example.test.json',
    'tuf.example.test/root.json',
    'tuf.example.test/snapshot.json',
    'tuf.example.test/targets',
    'tuf.example.test/targets.json',
    'tuf.example.test/targets/trusted_root.json',
    'tuf.example.test/timestamp.json',
  ]);
  expect(cache.mirror).toBe('https://tuf.example.test');
});

test('within a day nothing is asked again (cosign#4454); later the newest is', async () => {
  await initialize();
  repository.next();
  repository.addTarget('trusted_root.json', 'new');
  repository.publish();
  repository.requests.length = 0;
  expect(await read({ now: after(23) })).toBe('trusted');
  expect(repository.requests).toEqual([]);
  expect(await read({ now: after(25) })).toBe('new');
  expect(await read({ now: after(26) })).toBe('new');
  expect(repository.requests.filter((name) => name === 'timestamp.json')).toHaveLength(1);
});

test('metadata that expires within the day is asked for again', async () => {
  repository.timestamp.expires = '2026-06-01T13:00:00Z';
  repository.publish();
  await initialize();
  repository.next();
  repository.timestamp.expires = '2026-06-09T13:00:00Z';
  repository.publish();
  repository.requests.length = 0;
  await read({ now: after(2) });
  expect(repository.requests).toContain('timestamp.json');
});

test('a clock that was set back does not stop updates', async () => {
  await initialize();
  repository.requests.length = 0;
  await read({ now: after(-1) });
  expect(repository.requests).toContain('timestamp.json');
});

test('offline asks nothing, before and after the day is over, until metadata expires', async () => {
  await initialize();
  repository.requests.length = 0;
  expect(await read({ offline: true, now: after(48) })).toBe('trusted');
  await expect(read({ offline: true, now: after(24 * 60) })).rejects.toMatchObject({ code: 'TUF_EXPIRED' });
  expect(repository.requests).toEqual([]);
});

test('offline without a cache is said to be so', async () => {
  await expect(read({ offline: true })).rejects.toMatchObject({ code: 'TUF_NOT_INITIALIZED' });
  await expect(read({ offline: true, bootstrap: repository.bootstrap })).rejects.toMatchObject({
    code: 'TUF_NOT_INITIALIZED',
  });
  expect(repository.requests).toEqual([]);
});

test.each(['root.json', 'timestamp.json', 'snapshot.json', 'targets.json', 'targets/trusted_root.json'])(
  'a changed %s in the cache is not believed',
  async (name) => {
    await initialize();
    const file = join(directory, 'tuf.example.test', name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"version":[12]|trusted/, '"version":7'));
    await expect(read({ offline: true })).rejects.toMatchObject({ name: 'PratiqueError' });
    // The root is what the rest is believed by; anything else is fetched again.
    if (name !== 'root.json') expect(await read()).toBe('trusted');
  },
);

test('a mirror that is down does not stop verification while what was kept is good (sigstore#1779)', async () => {
  await initialize();
  repository.reachable = false;
  const told: string[] = [];
  const onStale = ({ code }: { readonly code: string }) => void told.push(code);
  expect(await read({ now: after(48), onStale })).toBe('trusted');
  expect(told).toEqual(['TUF_UNREACHABLE']);
  await expect(read({ now: after(24 * 60), onStale })).rejects.toMatchObject({ code: 'TUF_UNREACHABLE' });
});

test('a mirror that lies is not taken for one that is down', async () => {
  await initialize();
  repository.signers.timestamp = [repository.onlineKeys.targets];
  repository.next();
  repository.publish();
  await expect(read({ now: after(48) })).rejects.toMatchObject({ code: 'TUF_THRESHOLD' });
});

test('an initialization that fails leaves the cache as it was', async () => {
  await initialize();
  const other = new VirtualRepository();
  other.files.delete('timestamp.json');
  await expect(
    initializeTuf({ cache, mirror: other.mirror(), root: other.bootstrap, now }, ['trusted_root.json']),
  ).rejects.toMatchObject({ code: 'TUF_UNREACHABLE' });
  expect(await read({ offline: true })).toBe('trusted');
});

test('a given root stands above the one in the cache, which stays newest for its own beginning', async () => {
  await initialize();
  const other = new VirtualRepository();
  await expect(read({ bootstrap: other.bootstrap, now: after(1) })).rejects.toMatchObject({
    code: 'TUF_THRESHOLD',
  });
  expect(await read({ bootstrap: repository.bootstrap, now: after(1) })).toBe('trusted');
});

test('a home that cannot be written to only costs requests', async () => {
  const failures: string[] = [];
  writeFileSync(join(directory, 'file'), '');
  cache = new Cache(join(directory, 'file', 'cache'), ({ message }) => failures.push(message));
  expect(await read({ bootstrap: repository.bootstrap })).toBe('trusted');
  expect(failures.length).toBeGreaterThan(0);
});
