import { generateSigningKey } from '@pratique/crypto';
import { expect, test } from 'vitest';
import { pinOfKeys } from '../root/pin.ts';
import {
  bareKey,
  type Document,
  now,
  oldCertificateOf,
  past,
  seal,
  TrustKey,
  VirtualNotary,
} from '../testing/virtual-notary.ts';
import { memoryState } from './state.ts';
import { findTag, releasedTags, signersOf } from './tags.ts';
import { updateTrust } from './update.ts';

const update = (notary: VirtualNotary) =>
  updateTrust({
    repository: notary.repository,
    source: notary.source(),
    pin: pinOfKeys(notary.signers.root!.map(({ id }) => id)),
    state: memoryState(),
    now,
  });

test('releases come before targets, and no other role makes a tag one that is taken', async () => {
  const notary = new VirtualNotary();
  const releases = notary.delegate('targets/releases', [bareKey()]);
  const alice = notary.delegate('targets/alice', [bareKey()]);
  const nightly = notary.delegate('targets/releases/nightly', [bareKey()], [''], releases);
  const newer = notary.sign('1.0', 'newer', releases);
  notary.sign('1.0', 'newer', alice);
  notary.sign('2.0', 'only alice', alice);
  notary.sign('3.0', 'only nightly', nightly);
  const older = notary.sign('0.9', 'old');
  notary.publish();
  const trusted = await update(notary);
  expect(findTag(trusted, '1.0')).toMatchObject({ digest: newer, role: { name: 'targets/releases' } });
  expect(findTag(trusted, '0.9')).toMatchObject({ digest: older, role: { name: 'targets' } });
  expect(findTag(trusted, '2.0')).toBeUndefined();
  expect(findTag(trusted, '3.0')).toBeUndefined();
  expect(findTag(trusted, '2.0', ['targets/alice'])).toBeDefined();
  expect(releasedTags(trusted).map(({ tag }) => tag)).toEqual(['0.9', '1.0']);
  expect(signersOf(trusted, findTag(trusted, '1.0')!).map(({ name }) => name)).toEqual(['targets/alice']);
});

test('who signed something else under the same tag does not agree', async () => {
  const notary = new VirtualNotary();
  const alice = notary.delegate('targets/alice', [bareKey()]);
  notary.sign('1.0', 'another', alice);
  notary.publish();
  const trusted = await update(notary);
  expect(signersOf(trusted, findTag(trusted, '1.0')!)).toEqual([]);
});

test('a key in a certificate of version 1, as Docker’s manual has people make it, signs; and is no root', async () => {
  const notary = new VirtualNotary();
  const signing = generateSigningKey('rsa');
  const key = new TrustKey(signing, oldCertificateOf(signing, notary.repository));
  notary.sign('1.0', 'newer', notary.delegate('targets/releases', [key]));
  notary.publish();
  expect(findTag(await update(notary), '1.0')?.role.keyIds).toEqual([key.canonicalId]);
  notary.signers.root = [key];
  notary.nameKeys();
  notary.publishRoot();
  notary.publish();
  await expect(update(notary)).rejects.toMatchObject({ code: 'NOTARY_THRESHOLD' });
});

test('a role signs what it was given and its parent may give', async () => {
  const notary = new VirtualNotary();
  const team = notary.delegate('targets/team', [bareKey()], ['1.']);
  const child = notary.delegate('targets/team/child', [bareKey()], ['1.2', '2.'], team);
  const nothing = notary.delegate('targets/nothing', [bareKey()], null);
  for (const tag of ['1.0', '1.2', '2.0'])
    for (const role of [team, child, nothing]) notary.sign(tag, tag, role);
  notary.publish();
  const { roles } = await update(notary);
  const tags = (role: string) => [...roles.get(role)!.tags.keys()];
  expect(tags('targets/team')).toEqual(['1.0', '1.2']);
  expect(tags('targets/team/child')).toEqual(['1.2']);
  expect(tags('targets/nothing')).toEqual([]);
});

const broken: readonly [string, (notary: VirtualNotary, releases: Document) => void, string][] = [
  [
    'a stranger signed',
    (n) => {
      n.signers['targets/releases'] = [bareKey()];
    },
    'NOTARY_THRESHOLD',
  ],
  [
    'nobody signed',
    (n) => {
      n.signers['targets/releases'] = [];
    },
    'NOTARY_THRESHOLD',
  ],
  [
    'the owner of targets signed',
    (n) => {
      n.signers['targets/releases'] = n.signers.targets!;
    },
    'NOTARY_THRESHOLD',
  ],
  [
    'has expired',
    (_, releases) => {
      releases.expires = past;
    },
    'NOTARY_EXPIRED',
  ],
  [
    'is no targets',
    (_, releases) => {
      releases._type = 'Root';
    },
    'NOTARY_METADATA_INVALID',
  ],
];

test.each(broken)(
  'where releases %s, an older tag in targets does not take its place',
  async (_, spoil, code) => {
    const notary = new VirtualNotary();
    const releases = notary.delegate('targets/releases', [bareKey()], ['1.']);
    notary.sign('1.0', 'newer', releases);
    notary.sign('2.0', 'of targets alone');
    spoil(notary, releases);
    notary.publish();
    const trusted = await update(notary);
    expect(() => findTag(trusted, '1.0')).toThrow(expect.objectContaining({ code }));
    expect(findTag(trusted, '2.0')).toBeDefined();
    expect(findTag(trusted, '1.0', ['targets'])).toBeDefined();
  },
);

test('a file of a delegated role that is not the one that is named is not looked at', async () => {
  const notary = new VirtualNotary();
  const key = bareKey();
  const releases = notary.delegate('targets/releases', [key]);
  notary.sign('1.0', 'newer', releases);
  notary.publish();
  const { targets } = releases;
  notary.files.set(notary.fileOf('targets/releases'), seal({ ...releases, targets, version: 9 }, [key]));
  const trusted = await update(notary);
  expect(trusted.problems.get('targets/releases')?.error.code).toBe('NOTARY_MISMATCH');
});

test.each([
  'targets',
  'targets/',
  'targets/../root',
  'targets//a',
  'targets/A',
  'targets/a/b',
  'root',
  'elsewhere/a',
  `targets/${'a'.repeat(255)}`,
])('targets that delegate to %s are refused', async (name) => {
  const notary = new VirtualNotary();
  notary.targets.delegations.roles.push({ name, keyids: [], threshold: 1, paths: [''] });
  notary.publish();
  await expect(update(notary)).rejects.toMatchObject({ code: 'NOTARY_METADATA_INVALID' });
});

test('a role that is delegated to twice is refused', async () => {
  const notary = new VirtualNotary();
  for (const key of [bareKey(), bareKey()]) notary.delegate('targets/a', [key]);
  notary.publish();
  await expect(update(notary)).rejects.toMatchObject({ code: 'NOTARY_METADATA_INVALID' });
});

test('a role that has signed nothing yet is known, and no problem', async () => {
  const notary = new VirtualNotary();
  const key = bareKey();
  notary.delegate('targets/alice', [key]);
  notary.publish();
  delete notary.snapshot.meta['targets/alice'];
  notary.publishSnapshot();
  const trusted = await update(notary);
  expect(trusted.delegations).toEqual([{ name: 'targets/alice', keyIds: [key.id] }]);
  expect(trusted.problems.size).toBe(0);
  expect(trusted.roles.has('targets/alice')).toBe(false);
});

test('what Go leaves out or writes as null where it is empty is read as that', async () => {
  const notary = new VirtualNotary();
  notary.targets.delegations = { keys: null, roles: null };
  notary.publish();
  expect((await update(notary)).delegations).toEqual([]);
  delete notary.targets.delegations;
  notary.targets.targets = null;
  notary.publish();
  expect([...(await update(notary)).roles.get('targets')!.tags]).toEqual([]);
});

test('a target without SHA-256 is no image', async () => {
  const notary = new VirtualNotary();
  notary.targets.targets['2.0'] = { length: 1, hashes: { sha512: Buffer.alloc(64).toString('base64') } };
  notary.publish();
  expect(findTag(await update(notary), '2.0')).toBeUndefined();
  notary.targets.targets['2.0'] = { length: 1, hashes: { sha256: Buffer.alloc(31).toString('base64') } };
  notary.publish();
  await expect(update(notary)).rejects.toMatchObject({ code: 'NOTARY_METADATA_INVALID' });
});

const states = () => {
  const state = memoryState();
  return (notary: VirtualNotary) =>
    updateTrust({
      repository: notary.repository,
      source: notary.source(),
      pin: { kind: 'first-use' },
      state,
      now,
    });
};

test('roles that do not matter are not asked for, and what was seen of them stays so', async () => {
  const notary = new VirtualNotary();
  const alice = notary.delegate('targets/alice', [bareKey()]);
  const nightly = notary.delegate('targets/alice/nightly', [bareKey()], [''], alice);
  notary.delegate('targets/bob', [bareKey()]);
  notary.publish();
  const state = memoryState();
  const updating = (roles?: readonly string[]) => {
    notary.requests.length = 0;
    const source = notary.source();
    const { repository } = notary;
    return updateTrust({ repository, source, pin: { kind: 'first-use' }, state, now, roles });
  };
  await updating();
  const files = ['targets', 'targets/alice', 'targets/alice/nightly'].map((role) => notary.fileOf(role));
  expect([...(await updating(['targets/alice/nightly'])).roles.keys()]).toHaveLength(3);
  expect(notary.requests.slice(3)).toEqual(files);
  const none = await updating(['targets', 'targets/releases']);
  expect([...none.roles.keys()]).toEqual(['targets']);
  expect(none.delegations.map(({ name }) => name)).toEqual(['targets/alice', 'targets/bob']);
  const seen = state.read(notary.repository)?.versions;
  expect([seen?.get('targets/alice'), seen?.get('targets/alice/nightly')]).toEqual([1, nightly.version]);
});

test('a role that signed before and is not in the snapshot any more is a rollback', async () => {
  const updating = states();
  const notary = new VirtualNotary();
  notary.delegate('targets/releases', [bareKey()]);
  notary.publish();
  await updating(notary);
  delete notary.snapshot.meta['targets/releases'];
  notary.publishSnapshot();
  expect((await updating(notary)).problems.get('targets/releases')?.error.code).toBe('NOTARY_ROLLBACK');
});

test('what was seen of a role is not forgotten while it is broken', async () => {
  const updating = states();
  const notary = new VirtualNotary();
  const releases = notary.delegate('targets/releases', [bareKey()]);
  const { expires } = releases;
  const codes: (string | undefined)[] = [];
  for (const [version, until] of [
    [7, expires],
    [7, past],
    [6, expires],
  ] as const) {
    Object.assign(releases, { version, expires: until });
    notary.publish();
    codes.push((await updating(notary)).problems.get('targets/releases')?.error.code);
  }
  expect(codes).toEqual([undefined, 'NOTARY_EXPIRED', 'NOTARY_ROLLBACK']);
});

test('all tags are not known where those of releases are not', async () => {
  const notary = new VirtualNotary();
  notary.delegate('targets/releases', [bareKey()], ['2.']).expires = past;
  notary.publish();
  const trusted = await update(notary);
  expect(findTag(trusted, '1.0')).toBeDefined();
  expect(() => releasedTags(trusted)).toThrow(expect.objectContaining({ code: 'NOTARY_EXPIRED' }));
});

test('more roles than anybody has, and more bytes, are refused', async () => {
  const many = new VirtualNotary();
  const key = bareKey('ed25519');
  for (const name of ['targets/a', 'targets/b']) {
    const parent = many.delegate(name, [key]);
    for (let count = 0; count < 200; count++)
      parent.delegations.roles.push({ name: `${name}/r${count}`, keyids: [], threshold: 1, paths: [''] });
  }
  many.publish();
  await expect(update(many)).rejects.toMatchObject({ code: 'NOTARY_METADATA_INVALID' });
  const large = new VirtualNotary();
  for (let count = 0; count < 4; count++) large.delegate(`targets/r${count}`, [key]);
  large.publish();
  for (let count = 0; count < 4; count++) large.snapshot.meta[`targets/r${count}`].length = 30_000_000;
  large.publishSnapshot();
  await expect(update(large)).rejects.toMatchObject({ code: 'NOTARY_METADATA_INVALID' });
});

test('delegations that go on and on end', async () => {
  const notary = new VirtualNotary();
  let parent = notary.targets;
  let name = 'targets';
  for (let level = 0; level < 12; level++) {
    name += '/a';
    parent = notary.delegate(name, [bareKey('ed25519')], [''], parent);
  }
  // Children first: a parent holds no hash of them, the snapshot does.
  notary.publish();
  const trusted = await update(notary);
  expect(trusted.roles.size).toBe(9);
  expect([...trusted.problems.values()].map(({ error }) => error.code)).toEqual(['NOTARY_METADATA_INVALID']);
});

test('a broken server is a fault of everything, also on the way to a delegated role', async () => {
  const notary = new VirtualNotary();
  notary.delegate('targets/releases', [bareKey()]);
  notary.publish();
  const source = notary.source();
  const cut = {
    ...source,
    fetch: async (file: string, maxBytes: number) => {
      if (file.startsWith('targets/releases')) notary.reachable = false;
      return await source.fetch(file, maxBytes);
    },
  };
  const pin = { kind: 'first-use' } as const;
  await expect(
    updateTrust({ repository: notary.repository, source: cut, pin, state: memoryState(), now }),
  ).rejects.toMatchObject({ code: 'NOTARY_UNREACHABLE' });
});
