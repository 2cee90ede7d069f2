import { generateSigningKey } from '@pratique/crypto';
import { expect, test } from 'vitest';
import {
  encode,
  keyId,
  keysOf,
  now,
  roleOf,
  seal,
  VirtualRepository,
} from '../testing/virtual-repository.ts';
import { memoryStore } from './store.ts';
import { readTarget } from './target.ts';
import { updateFrom } from './update.ts';

const past = '2026-05-01T00:00:00Z';
const stranger = generateSigningKey('ed25519');

/** A client that saw the repository when it was good, then reads a target of what became of it. */
async function readAfter(
  change: (repository: VirtualRepository) => void,
  target = 'trusted_root.json',
): Promise<string> {
  const repository = new VirtualRepository();
  const store = memoryStore();
  const mirror = repository.mirror();
  await updateFrom(mirror, repository.bootstrap, store, now);
  change(repository);
  const updated = await updateFrom(mirror, repository.bootstrap, store, now);
  return new TextDecoder().decode(await readTarget(updated, memoryStore(), target));
}

type Row = readonly [what: string, code: string, change: (repository: VirtualRepository) => void];

/** Publishes version 2 of the root with a change, signed by keys of version 1 unless the change says otherwise. */
const rootWith =
  (change: (repository: VirtualRepository) => void, file = 2) =>
  (repository: VirtualRepository) => {
    repository.root.version = 2;
    change(repository);
    repository.publishRoot(file);
  };
const nextWith = (change: (repository: VirtualRepository) => void) => (repository: VirtualRepository) => {
  repository.next();
  change(repository);
  repository.publish();
};
/** Changes a file's bytes after everything was named and signed. */
const served = (file: string, change: (bytes: Uint8Array) => Uint8Array) => (repository: VirtualRepository) =>
  void repository.files.set(file, change(repository.files.get(file)!));
const flipped = (bytes: Uint8Array) => bytes.map((byte, at) => (at === bytes.length - 20 ? byte ^ 1 : byte));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const rootRows: readonly Row[] = [
  [
    'signed by keys of the old root only, not by its own',
    'TUF_THRESHOLD',
    rootWith(({ root }) => {
      Object.assign(root.keys, keysOf([stranger]));
      root.roles.root = roleOf([stranger]);
    }),
  ],
  [
    'signed by its own keys only',
    'TUF_THRESHOLD',
    rootWith((repository) => {
      Object.assign(repository.root.keys, keysOf([stranger]));
      repository.root.roles.root = roleOf([stranger]);
      repository.signers.root = [stranger];
    }),
  ],
  [
    'signed by one key where two are needed',
    'TUF_THRESHOLD',
    rootWith((repository) => {
      repository.signers.root = repository.rootKeys.slice(0, 1);
    }),
  ],
  [
    'signed by one key under two key ids',
    'TUF_THRESHOLD',
    (repository) => {
      const [first, second] = repository.rootKeys;
      const { root } = repository;
      root.version = 2;
      root.keys['another id'] = root.keys[keyId(first!)];
      root.roles.root = { keyids: [keyId(first!), 'another id', keyId(second!)], threshold: 2 };
      repository.publishRoot();
      root.version = 3;
      const sealed = JSON.parse(text(seal(root, [first!])));
      sealed.signatures.push({ ...sealed.signatures[0], keyid: 'another id' });
      repository.files.set('3.root.json', encode(sealed));
    },
  ],
  [
    'with two signatures of one key id',
    'TUF_METADATA_INVALID',
    rootWith((repository) => {
      repository.signers.root = [repository.rootKeys[0]!, repository.rootKeys[0]!];
    }),
  ],
  [
    'of a later version than its name',
    'TUF_MISMATCH',
    rootWith(({ root }) => {
      root.version = 3;
    }),
  ],
  [
    'of the version before',
    'TUF_MISMATCH',
    rootWith(({ root }) => {
      root.version = 1;
    }),
  ],
  [
    'expired',
    'TUF_EXPIRED',
    rootWith(({ root }) => {
      root.expires = past;
    }),
  ],
  [
    'of TUF version 2',
    'TUF_METADATA_INVALID',
    rootWith(({ root }) => {
      root.spec_version = '2.0.0';
    }),
  ],
  [
    'that names a key of a role twice',
    'TUF_METADATA_INVALID',
    rootWith(({ root }) => {
      root.roles.timestamp.keyids.push(root.roles.timestamp.keyids[0]);
    }),
  ],
  [
    'with a threshold of nothing',
    'TUF_METADATA_INVALID',
    rootWith(({ root }) => {
      root.roles.timestamp.threshold = 0;
    }),
  ],
  [
    'without a role',
    'TUF_METADATA_INVALID',
    rootWith(({ root }) => {
      delete root.roles.snapshot;
    }),
  ],
  [
    'of another type',
    'TUF_METADATA_INVALID',
    rootWith(({ root }) => {
      root._type = 'targets';
    }),
  ],
  [
    'without end',
    'TUF_SIZE_EXCEEDED',
    rootWith(({ root }) => {
      root['x-padding'] = 'x'.repeat(600_000);
    }),
  ],
];

const timestampRows: readonly Row[] = [
  [
    'signed by another role’s key',
    'TUF_THRESHOLD',
    nextWith((repository) => {
      repository.signers.timestamp = [repository.onlineKeys.snapshot];
    }),
  ],
  [
    'signed by a stranger under the right key id',
    'TUF_THRESHOLD',
    (repository) => {
      const sealed = JSON.parse(text(seal(repository.timestamp, [stranger])));
      sealed.signatures[0].keyid = keyId(repository.onlineKeys.timestamp);
      repository.files.set('timestamp.json', encode(sealed));
    },
  ],
  [
    'of an earlier version',
    'TUF_ROLLBACK',
    (repository) => {
      repository.timestamp.version = 1;
      repository.publishTimestamp();
    },
  ],
  [
    'that names an earlier snapshot',
    'TUF_ROLLBACK',
    (repository) => {
      repository.timestamp.version = 3;
      repository.timestamp.meta['snapshot.json'].version = 1;
      repository.publishTimestamp();
    },
  ],
  [
    'expired: frozen by who keeps newer ones back',
    'TUF_EXPIRED',
    nextWith(({ timestamp }) => {
      timestamp.expires = past;
    }),
  ],
  [
    'with a changed bit',
    'TUF_THRESHOLD',
    served('timestamp.json', (bytes) => flip(bytes, '"version":2', '"version":4')),
  ],
  ['that is cut off', 'TUF_METADATA_INVALID', served('timestamp.json', (bytes) => bytes.slice(0, -5))],
  [
    'that names a member twice',
    'TUF_METADATA_INVALID',
    served('timestamp.json', (bytes) => flip(bytes, '"version":2', '"version":2,"version":2')),
  ],
  [
    'without end',
    'TUF_SIZE_EXCEEDED',
    nextWith(({ timestamp }) => {
      timestamp['x-padding'] = 'x'.repeat(20_000);
    }),
  ],
  ['that is gone', 'TUF_UNREACHABLE', ({ files }) => void files.delete('timestamp.json')],
  [
    'with a version that is a fraction',
    'TUF_METADATA_INVALID',
    served('timestamp.json', (bytes) => flip(bytes, '"version":2', '"version":2.5')),
  ],
];

const snapshotRows: readonly Row[] = [
  [
    'of another hash',
    'TUF_MISMATCH',
    (r) => {
      nextWith(() => {})(r);
      served('3.snapshot.json', flipped)(r);
    },
  ],
  [
    'longer than named',
    'TUF_SIZE_EXCEEDED',
    (r) => {
      nextWith(() => {})(r);
      served('3.snapshot.json', (bytes) => Buffer.concat([bytes, Buffer.from(' ')]))(r);
    },
  ],
  [
    'of another version than the timestamp names, where it names no hash',
    'TUF_MISMATCH',
    (repository) => {
      repository.hashes = false;
      nextWith(() => {})(repository);
      repository.files.set(
        '3.snapshot.json',
        seal({ ...repository.snapshot, version: 4 }, repository.signers.snapshot!),
      );
    },
  ],
  [
    'that is in fact a timestamp, where one key signs both',
    'TUF_METADATA_INVALID',
    (repository) => {
      repository.hashes = false;
      nextWith(() => {})(repository);
      repository.files.set('3.snapshot.json', seal(repository.timestamp, repository.signers.snapshot!));
    },
  ],
  [
    'signed by a stranger',
    'TUF_THRESHOLD',
    nextWith((repository) => {
      repository.signers.snapshot = [stranger];
    }),
  ],
  [
    'that takes targets back to before',
    'TUF_ROLLBACK',
    (repository) => {
      nextWith(({ snapshot, targets }) => {
        targets.version = 1;
        snapshot.version = 3;
      })(repository);
    },
  ],
  [
    'from which a role is gone',
    'TUF_ROLLBACK',
    (repository) => {
      repository.next();
      delete repository.snapshot.meta['targets.json'];
      const bytes = seal(repository.snapshot, repository.signers.snapshot!);
      repository.files.set('3.snapshot.json', bytes);
      repository.timestamp.meta['snapshot.json'] = { version: 3 };
      repository.publishTimestamp();
    },
  ],
  [
    'expired',
    'TUF_EXPIRED',
    nextWith(({ snapshot }) => {
      snapshot.expires = past;
    }),
  ],
];

const targetsRows: readonly Row[] = [
  [
    'of another hash',
    'TUF_MISMATCH',
    (r) => {
      nextWith(() => {})(r);
      served('3.targets.json', flipped)(r);
    },
  ],
  [
    'from before, mixed with a newer snapshot',
    'TUF_MISMATCH',
    (repository) => {
      repository.hashes = false;
      nextWith(() => {})(repository);
      repository.files.set('3.targets.json', repository.files.get('2.targets.json')!);
    },
  ],
  [
    'signed by a stranger',
    'TUF_THRESHOLD',
    nextWith((repository) => {
      repository.signers.targets = [stranger];
    }),
  ],
  [
    'expired',
    'TUF_EXPIRED',
    nextWith(({ targets }) => {
      targets.expires = past;
    }),
  ],
  ...['../x', '/etc/passwd', 'a//b', 'a\\b', 'a/../b', '.', '', 'a\u0000b'].map(
    (name): Row => [
      `with a target called ${JSON.stringify(name)} (GHSA-fcv2-xgw5-pqxf)`,
      'TUF_METADATA_INVALID',
      nextWith(({ targets }) => {
        targets.targets[name] = targets.targets['trusted_root.json'];
      }),
    ],
  ),
  [
    'with a target without a hash',
    'TUF_METADATA_INVALID',
    nextWith(({ targets }) => {
      targets.targets['trusted_root.json'].hashes = {};
    }),
  ],
  [
    'with a target of an unknown hash only',
    'TUF_METADATA_INVALID',
    nextWith(({ targets }) => {
      targets.targets['trusted_root.json'].hashes = { md5: '0'.repeat(32) };
    }),
  ],
  ...['root', 'timestamp', 'snapshot', 'targets', ''].map(
    (name): Row => [
      `that delegate to a role called "${name}"`,
      'TUF_METADATA_INVALID',
      nextWith(({ targets }) => {
        targets.delegations = {
          keys: keysOf([stranger]),
          roles: [{ name, ...roleOf([stranger]), terminating: false, paths: ['*'] }],
        };
      }),
    ],
  ),
];

const target = /^targets\/[0-9a-f]+\.trusted_root\.json$/;
const servedTarget = (change: (bytes: Uint8Array) => Uint8Array) => (repository: VirtualRepository) => {
  for (const file of repository.files.keys()) if (target.test(file)) served(file, change)(repository);
};
const contentRows: readonly Row[] = [
  ['changed', 'TUF_MISMATCH', servedTarget((bytes) => bytes.map((byte) => byte ^ 1))],
  ['cut off', 'TUF_MISMATCH', servedTarget((bytes) => bytes.slice(1))],
  ['without end', 'TUF_SIZE_EXCEEDED', servedTarget((bytes) => Buffer.concat([bytes, bytes]))],
  [
    'gone',
    'TUF_UNREACHABLE',
    ({ files }) => {
      for (const file of files.keys()) if (target.test(file)) files.delete(file);
    },
  ],
];

function flip(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const before = text(bytes);
  expect(before).toContain(from);
  return new TextEncoder().encode(before.replace(from, to));
}

test('an honest update is accepted', async () => {
  expect(await readAfter(() => {})).toBe('trusted');
  expect(await readAfter(nextWith((repository) => repository.addTarget('trusted_root.json', 'new')))).toBe(
    'new',
  );
  expect(await readAfter(rootWith(() => {}))).toBe('trusted');
});

test.each(rootRows)('a root %s is refused: %s', refuses);
test.each(timestampRows)('a timestamp %s is refused: %s', refuses);
test.each(snapshotRows)('a snapshot %s is refused: %s', refuses);
test.each(targetsRows)('targets %s are refused: %s', refuses);
test.each(contentRows)('a target’s content %s is refused: %s', refuses);

async function refuses(...[, code, change]: Row): Promise<void> {
  await expect(readAfter(change)).rejects.toMatchObject({ code });
}

test('roots on the way to the newest may have expired', async () => {
  const change = (repository: VirtualRepository) => {
    const { root } = repository;
    Object.assign(root, { version: 2, expires: past });
    repository.publishRoot();
    Object.assign(root, { version: 3, expires: '2026-07-01T00:00:00Z' });
    repository.publishRoot();
  };
  expect(await readAfter(change)).toBe('trusted');
});

test('after its key was stolen and made a timestamp of version 1000, a new key begins again', async () => {
  const repository = new VirtualRepository();
  const store = memoryStore();
  repository.timestamp.version = 1000;
  repository.snapshot.version = 1000;
  repository.publish();
  await updateFrom(repository.mirror(), repository.bootstrap, store, now);
  const [timestamp, snapshot] = [generateSigningKey('ed25519'), generateSigningKey('ed25519')];
  Object.assign(repository.root.keys, keysOf([timestamp, snapshot]));
  Object.assign(repository.root.roles, { timestamp: roleOf([timestamp]), snapshot: roleOf([snapshot]) });
  Object.assign(repository.signers, { timestamp: [timestamp], snapshot: [snapshot] });
  repository.root.version = 2;
  repository.publishRoot();
  repository.timestamp.version = 2;
  repository.snapshot.version = 2;
  repository.publish();
  const updated = await updateFrom(repository.mirror(), repository.bootstrap, store, now);
  expect(updated.metadata.timestamp.version).toBe(2);
});

test('a root that its own keys did not sign is not begun with', async () => {
  const repository = new VirtualRepository();
  const forged = seal(repository.root, [stranger, repository.rootKeys[0]!]);
  await expect(updateFrom(repository.mirror(), forged, memoryStore(), now)).rejects.toMatchObject({
    code: 'TUF_THRESHOLD',
  });
});
