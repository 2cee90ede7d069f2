/** TUF clients of others over years of rotations, and against copies that lie; ours against a repository of python-tuf. */
import { equal } from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSigningKey } from '../../packages/crypto/src/index.ts';
import type { Context, Scenario } from './context.ts';
import { clientDirectory, type ReadTarget, runPythonTuf, tufClients } from './tuf-clients.ts';
import { AgedRepository, type ForgedRepository, serveFiles } from './tuf-repository.ts';

const target = 'trusted_root.json';
const day = 86_400_000;
const inDays = (days: number) => `${new Date(Date.now() + days * day).toISOString().slice(0, 19)}Z`;

type Lies = Readonly<Record<string, (copy: ForgedRepository, before: string) => void>>;

/** What a client refuses that comes with nothing but the first root: by the words of the attack, what is done to a copy. */
const liesToNewcomers: Lies = {
  'a timestamp that has expired (freeze)': (copy) => copy.timestamp({ expires: inDays(-1) }),
  'a root that has expired': (copy) => copy.nextRoot(copy.rootKey, [copy.rootKey], { expires: inDays(-1) }),
  'an older snapshot under the newest name (mix and match)': (copy, before) => {
    const { version } = copy.read('timestamp.json').signed.meta['snapshot.json'];
    cpSync(join(before, newest(before, 'snapshot')), join(copy.directory, `${version}.snapshot.json`));
  },
  'older targets under the newest name (mix and match)': (copy, before) => {
    cpSync(join(before, newest(before, 'targets')), join(copy.directory, newest(copy.directory, 'targets')));
  },
  'a target that was changed': (copy) => {
    const { hashes } = copy.read(newest(copy.directory, 'targets')).signed.targets[target];
    const path = `targets/${hashes.sha256}.${target}`;
    copy.write(path, readFileSync(join(copy.directory, path), 'utf8').replace(/^./, 'X'));
  },
  'a snapshot that is not there': (copy) => rmSync(join(copy.directory, newest(copy.directory, 'snapshot'))),
};

/** What a client refuses that has seen the newest. */
const lies: Lies = {
  'an older timestamp than was seen (rollback)': (copy, before) =>
    cpSync(join(before, 'timestamp.json'), join(copy.directory, 'timestamp.json')),
  'a version below the one that was seen (rollback)': (copy) => copy.timestamp({ version: 1 }),
  'a next root signed by its own key only': (copy) => {
    const thief = generateSigningKey('ed25519');
    copy.nextRoot(thief, [thief]);
  },
  'a next root signed by the key before it only': (copy) =>
    copy.nextRoot(generateSigningKey('ed25519'), [copy.rootKey]),
  'a next root that needs two signatures and has one twice': (copy) => {
    const { keyids } = copy.root.roles.root as { keyids: string[] };
    copy.nextRoot(copy.rootKey, [copy.rootKey, copy.rootKey], {
      roles: { ...copy.root.roles, root: { keyids: [...keyids, 'f'.repeat(64)], threshold: 2 } },
    });
  },
  'a root that skips a version': (copy) =>
    copy.nextRoot(copy.rootKey, [copy.rootKey], { version: copy.root.version + 2 }),
  'a timestamp by a key that is not in use any more': (copy) =>
    copy.timestamp({ version: 99_999 }, copy.retiredOnlineKey),
  'a timestamp nobody signed': (copy) => {
    const { signed } = copy.read('timestamp.json');
    copy.write('timestamp.json', JSON.stringify({ signatures: [], signed: { ...signed, version: 99_999 } }));
  },
};

/** The name of the newest `N.role.json`. */
function newest(directory: string, role: string): string {
  const read = (name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8'));
  const { version } = read('timestamp.json').signed.meta['snapshot.json'];
  if (role === 'snapshot') return `${version}.snapshot.json`;
  return `${read(`${version}.snapshot.json`).signed.meta['targets.json'].version}.targets.json`;
}

async function refuses(client: string, reading: Promise<string>): Promise<void> {
  const read = await reading.catch(() => null);
  equal(read, null, `${client} believed it`);
}

export async function rotationScenarios(context: Context): Promise<Scenario[]> {
  const clients = Object.entries(await tufClients());
  const repository = new AgedRepository(context.scratch());
  let served = repository.directory;
  const server = await serveFiles(() => served);
  const before = join(context.scratch(), 'before');
  const firstRoot = join(repository.directory, '1.root.json');
  const directories = new Map(
    clients.map(([name]) => [name, clientDirectory(join(context.scratch(), name), firstRoot)]),
  );
  const readFrom = (place: string, read: ReadTarget, directory: string) => {
    served = place;
    return read(directory, server.url, target);
  };

  return [
    ...clients.map(([name, read]) => ({
      name: `${name} walks from a root of two years ago over four root keys and five online keys, and goes on`,
      run: async () => {
        repository.publish(`today, for ${name}`);
        const directory = directories.get(name)!;
        equal(await readFrom(repository.directory, read, directory), `today, for ${name}`);
        repository.publish(`later, for ${name}`);
        equal(await readFrom(repository.directory, read, directory), `later, for ${name}`);
      },
    })),
    {
      name: 'every client has seen the newest, from which the copies are made',
      run: async () => {
        repository.copy(before);
        repository.publish('the newest');
        for (const [name, read] of clients) {
          equal(await readFrom(repository.directory, read, directories.get(name)!), 'the newest');
        }
      },
    },
    ...[...Object.entries(liesToNewcomers), ...Object.entries(lies)].map(([lie, tell]) => ({
      name: `${clients.map(([name]) => name).join(', ')} refuse ${lie}`,
      run: async () => {
        const copy = repository.copy(join(context.scratch(), 'copy'));
        tell(copy, before);
        for (const [name, read] of clients) {
          const client = () => {
            const place = join(context.scratch(), 'client');
            if (lie in liesToNewcomers) return clientDirectory(place, firstRoot);
            cpSync(directories.get(name)!, place, { recursive: true });
            return place;
          };
          await refuses(name, readFrom(copy.directory, read, client()));
          // It is the lie that is refused, not the place.
          equal(await readFrom(repository.directory, read, client()), 'the newest', name);
        }
      },
    })),
    {
      name: 'we read a repository that python-tuf wrote: thresholds, all types of keys, delegations, rotated roots',
      run: async () => {
        const theirs = join(context.scratch(), 'theirs');
        await runPythonTuf('write', theirs);
        served = theirs;
        for (const [name, read] of clients) {
          const from = (path: string) =>
            read(
              clientDirectory(join(context.scratch(), name), join(theirs, '1.root.json')),
              server.url,
              path,
            );
          equal(await from(target), 'trusted by python-tuf', name);
          equal(await from('team/a.json'), 'of the team', name);
          equal(await from('other.json'), 'by its hash', name);
          await refuses(name, from('elsewhere.json'));
        }
        const third = join(theirs, '3.root.json');
        const root = JSON.parse(readFileSync(third, 'utf8'));
        root.signatures.pop();
        writeFileSync(third, JSON.stringify(root));
        for (const [name, read] of clients) {
          const trusting = clientDirectory(join(context.scratch(), name), join(theirs, '1.root.json'));
          await refuses(name, read(trusting, server.url, target));
        }
      },
    },
    { name: 'the mirror stops', run: () => server.stop() },
  ];
}
