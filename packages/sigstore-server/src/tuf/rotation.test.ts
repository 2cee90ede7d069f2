import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { generateSigningKey } from '@pratique/crypto';
import { Cache, openMirror, openTuf } from '@pratique/tuf';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Succession } from '../store/generations.ts';
import { temporaryDirectory } from '../testing/client.ts';
import { TufRepository } from './repository.ts';

/** How many files may be written until the power goes. */
let writes = Number.POSITIVE_INFINITY;
vi.mock('@pratique/storage', async (original) => {
  const actual = await original<typeof import('@pratique/storage')>();
  return {
    ...actual,
    replaceFile: (...args: Parameters<typeof actual.replaceFile>) => {
      if (writes <= 0) throw new Error('killed');
      writes--;
      actual.replaceFile(...args);
    },
  };
});

const day = 86_400_000;
const start = new Date('2026-06-01T00:00:00Z');
const after = (days: number) => new Date(start.getTime() + days * day);
const target = (content: string) => ({ 'trusted_root.json': { content } });

let directory: string;
let root: Uint8Array;
beforeEach(() => {
  writes = Number.POSITIVE_INFINITY;
  directory = temporaryDirectory(onTestFinished);
});

/** A repository whose keys are used from these days on, one after the other. */
function repositoryOf(rootDays: readonly number[], onlineDays: readonly number[], place = directory) {
  return new TufRepository({
    directory: place,
    rootKeys: succession('root', rootDays),
    onlineKeys: succession('online', onlineDays),
  });
}
const made = new Map<string, ReturnType<typeof generateSigningKey>>();
function succession(role: string, days: readonly number[]) {
  const all = days.map((from, index) => {
    const id = `${role} ${index}`;
    const key = made.get(id) ?? generateSigningKey('ed25519');
    made.set(id, key);
    return { number: index + 1, since: after(from), key };
  });
  return new Succession([all[0]!, ...all.slice(1)]);
}

/** A client, which keeps what it saw between its updates. */
function client(place = directory) {
  const failed = (error: Error) => {
    throw error;
  };
  const cache = new Cache(temporaryDirectory(onTestFinished), failed);
  return async (now: Date): Promise<string> => {
    const repository = await openTuf({
      cache,
      mirror: openMirror(pathToFileURL(join(place, 'repository')).href, { environment: {} }),
      bootstrap: root,
      offline: false,
      now,
      onStale: failed,
    });
    return new TextDecoder().decode(await repository.read('trusted_root.json'));
  };
}

test('a client that knows the first root only follows every rotation, also when its root has long expired', async () => {
  const repository = repositoryOf([0, 20, 500], [0, 10, 20, 600]);
  repository.publish(target('0'), start);
  root = repository.read('1.root.json')!;
  const steady = client();
  expect(await steady(start)).toBe('0');
  for (const days of [9, 11, 21, 100, 290, 420, 510, 610]) {
    repository.publish(target(`${days}`), after(days));
    expect(await steady(after(days)), `day ${days}`).toBe(`${days}`);
    expect(await client()(after(days)), `day ${days}, from the first root`).toBe(`${days}`);
  }
});

test('keys that are not in use any more sign nothing that clients with the new root believe', async () => {
  const rotated = repositoryOf([0, 10], [0, 10]);
  rotated.publish(target('good'), start);
  root = rotated.read('1.root.json')!;
  const seen = client();
  rotated.publish(target('good'), after(11));
  expect(await seen(after(11))).toBe('good');
  // Whoever stole the old keys goes on with them, from what was published.
  const stolen = repositoryOf([0], [0]);
  expect(() => stolen.publish(target('evil'), after(12))).toThrow(
    expect.objectContaining({ code: 'SIGSTORE_SERVER_DAMAGED' }),
  );
  const forged = temporaryDirectory(onTestFinished);
  const old = repositoryOf([0], [0], forged);
  for (let days = 0; days < 40; days += 4) old.publish(target(`evil ${days}`), after(days));
  cpSync(join(directory, 'repository', '2.root.json'), join(forged, 'repository', '2.root.json'));
  await expect(client(forged)(after(36))).rejects.toMatchObject({ code: 'TUF_THRESHOLD' });
});

test('killed at any write of a rotation, the repository is valid, and the next start completes it', async () => {
  let rounds = 0;
  for (let killedAfter = 0; ; killedAfter++) {
    writes = Number.POSITIVE_INFINITY;
    const place = temporaryDirectory(onTestFinished);
    const repository = repositoryOf([0, 10], [0, 10], place);
    repository.publish(target('old'), start);
    root = repository.read('1.root.json')!;
    const steady = client(place);
    expect(await steady(start)).toBe('old');
    writes = killedAfter;
    let killed = false;
    try {
      repository.publish(target('new'), after(11));
    } catch {
      killed = true;
    }
    writes = Number.POSITIVE_INFINITY;
    const now = after(11);
    for (const read of [steady, client(place)]) {
      // Until the new timestamp is there, the old one may have expired: that is no forgery.
      const content = await read(new Date(start.getTime() + 6 * day));
      expect(['old', 'new'], `killed after ${killedAfter} writes`).toContain(content);
    }
    repositoryOf([0, 10], [0, 10], place).publish(target('new'), now);
    expect(await steady(now)).toBe('new');
    expect(await client(place)(now)).toBe('new');
    const versions = JSON.parse(new TextDecoder().decode(repository.read('root.json'))) as {
      signed: { version: number };
    };
    expect(versions.signed.version).toBe(2);
    rounds++;
    if (!killed) break;
  }
  // A target, three files of online roles and a root, each with the file that says it is the newest, and root.json.
  expect(rounds).toBe(11);
});
