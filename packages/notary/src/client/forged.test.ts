import { generateSigningKey, parseCertificate, parsePem } from '@pratique/crypto';
import { expect, test } from 'vitest';
import { pinOfKeys, type RootPin } from '../root/pin.ts';
import {
  bareKey,
  certificateOf,
  type Document,
  encode,
  future,
  now,
  past,
  rootKey,
  seal,
  TrustKey,
  VirtualNotary,
} from '../testing/virtual-notary.ts';
import { memoryState, type TrustState } from './state.ts';
import { findTag } from './tags.ts';
import { updateTrust } from './update.ts';

const firstUse: RootPin = { kind: 'first-use' };

function pinOf(notary: VirtualNotary): RootPin {
  return pinOfKeys(notary.signers.root!.map(({ canonicalId }) => canonicalId));
}

async function update(
  notary: VirtualNotary,
  pin: RootPin = pinOf(notary),
  state: TrustState = memoryState(),
  repository = notary.repository,
) {
  return await updateTrust({ repository, source: notary.source(), pin, state, now });
}

async function refused(...args: Parameters<typeof update>): Promise<string> {
  const [result] = await Promise.allSettled([update(...args)]);
  if (result.status === 'fulfilled') return 'accepted';
  return result.reason.code ?? String(result.reason.stack);
}

test('what its owner signed is what a tag is', async () => {
  const notary = new VirtualNotary();
  const digest = notary.sign('1.0', 'one');
  const trusted = await update(notary);
  expect(findTag(trusted, '1.0')).toMatchObject({ digest, length: 3 });
  expect(findTag(trusted, '2.0')).toBeUndefined();
  expect(trusted.root.keyIds).toEqual([notary.signers.root![0]!.canonicalId]);
  expect(trusted.fresh).toEqual(new Date(future.slice(0, 19).concat('Z')));
});

test.each(['ecdsa-p256', 'ecdsa-p384', 'ed25519', 'rsa'] as const)(
  'targets may be signed by a key of %s',
  async (algorithm) => {
    const notary = new VirtualNotary();
    notary.signers.targets = [bareKey(algorithm)];
    notary.nameKeys();
    notary.publishRoot();
    notary.publish();
    expect(findTag(await update(notary), '1.0')).toBeDefined();
  },
);

/** Each makes a repository wrong, that is right before. */
const forgeries: readonly [string, (notary: VirtualNotary) => void, string][] = [
  [
    'targets that a stranger signed',
    (n) => {
      n.signers.targets = [bareKey()];
      n.publish();
    },
    'NOTARY_THRESHOLD',
  ],
  [
    'a snapshot that a stranger signed',
    (n) => {
      n.signers.snapshot = [bareKey()];
      n.publish();
    },
    'NOTARY_THRESHOLD',
  ],
  [
    'a timestamp that a stranger signed',
    (n) => {
      n.signers.timestamp = [bareKey()];
      n.publish();
    },
    'NOTARY_THRESHOLD',
  ],
  [
    'targets that nobody signed',
    (n) => {
      n.signers.targets = [];
      n.publish();
    },
    'NOTARY_THRESHOLD',
  ],
  [
    'targets that the server’s key signed',
    (n) => {
      n.signers.targets = n.signers.snapshot!;
      n.publish();
    },
    'NOTARY_THRESHOLD',
  ],
  [
    'an expired timestamp',
    (n) => {
      n.timestamp.expires = past;
      n.publish();
    },
    'NOTARY_EXPIRED',
  ],
  [
    'an expired snapshot',
    (n) => {
      n.snapshot.expires = past;
      n.publish();
    },
    'NOTARY_EXPIRED',
  ],
  [
    'expired targets',
    (n) => {
      n.targets.expires = past;
      n.publish();
    },
    'NOTARY_EXPIRED',
  ],
  [
    'an expired root',
    (n) => {
      n.root.expires = past;
      n.publishRoot();
      n.publish();
    },
    'NOTARY_EXPIRED',
  ],
  [
    'metadata that expires at the very moment',
    (n) => {
      n.timestamp.expires = now.toISOString();
      n.publish();
    },
    'NOTARY_EXPIRED',
  ],
  [
    'targets of another snapshot',
    (n) => {
      n.files.set(n.fileOf('targets'), seal({ ...n.targets, version: 3 }, n.signers.targets!));
    },
    'NOTARY_MISMATCH',
  ],
  [
    'a snapshot of another timestamp',
    (n) => {
      n.files.set(n.fileOf('snapshot'), seal({ ...n.snapshot, version: 3 }, n.signers.snapshot!));
    },
    'NOTARY_MISMATCH',
  ],
  [
    'a root that the snapshot does not name',
    (n) => {
      n.root.expires = '2026-08-01T00:00:00Z';
      n.publishRoot();
    },
    'NOTARY_MISMATCH',
  ],
  [
    'a snapshot without a root',
    (n) => {
      delete n.snapshot.meta.root;
      n.publishSnapshot();
    },
    'NOTARY_MISMATCH',
  ],
  [
    'a snapshot without targets',
    (n) => {
      delete n.snapshot.meta.targets;
      n.publishSnapshot();
    },
    'NOTARY_MISMATCH',
  ],
  [
    'a file of another length',
    (n) => {
      n.snapshot.meta.targets.length++;
      n.publishSnapshot();
    },
    'NOTARY_MISMATCH',
  ],
  [
    'a file of another second hash',
    (n) => {
      n.snapshot.meta.targets.hashes.sha512 = Buffer.alloc(64).toString('base64');
      n.publishSnapshot();
    },
    'NOTARY_MISMATCH',
  ],
  [
    'a file that is not there',
    (n) => {
      n.files.delete(n.fileOf('targets'));
    },
    'NOTARY_MISMATCH',
  ],
  [
    'a timestamp that is not there',
    (n) => {
      n.files.delete('timestamp.json');
    },
    'NOTARY_MISMATCH',
  ],
  [
    'a file without SHA-256',
    (n) => {
      delete n.snapshot.meta.targets.hashes.sha256;
      n.publishSnapshot();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'a snapshot that is larger than any',
    (n) => {
      n.timestamp.meta.snapshot.length = 1e9;
      n.publishTimestamp();
    },
    'NOTARY_SIZE_EXCEEDED',
  ],
  [
    'a snapshot in the place of targets',
    (n) => {
      n.targets._type = 'Snapshot';
      n.publish();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'targets in the place of a timestamp',
    (n) => {
      n.timestamp._type = 'Targets';
      n.publish();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'TUF 1.0’s names of types',
    (n) => {
      n.targets._type = 'targets';
      n.publish();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'a version of zero',
    (n) => {
      n.targets.version = 0;
      n.publish();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'a threshold of zero',
    (n) => {
      n.root.roles.targets.threshold = 0;
      n.publishRoot();
      n.publish();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'a threshold that is not met',
    (n) => {
      n.root.roles.targets.threshold = 2;
      n.publishRoot();
      n.publish();
    },
    'NOTARY_THRESHOLD',
  ],
  [
    'a role that names a key twice',
    (n) => {
      n.root.roles.targets.keyids.push(n.root.roles.targets.keyids[0]);
      n.publishRoot();
      n.publish();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'a role that names a key that is not there',
    (n) => {
      n.root.roles.targets.keyids.push('0'.repeat(64));
      n.publishRoot();
      n.publish();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'a key under the id of another',
    (n) => {
      const id = n.signers.targets![0]!.id;
      n.root.keys[id] = bareKey().value;
      n.publishRoot();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'a date that is none',
    (n) => {
      n.targets.expires = 'tomorrow';
      n.publish();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'a root without a role',
    (n) => {
      delete n.root.roles.snapshot;
      n.publishRoot();
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'a root that is no JSON',
    (n) => {
      n.files.set('root.json', encode('{'));
    },
    'NOTARY_METADATA_INVALID',
  ],
  [
    'a member that is named twice',
    (n) => {
      const text = new TextDecoder().decode(n.files.get('timestamp.json'));
      n.files.set('timestamp.json', encode(text.replace('"version":', '"version":1,"version":')));
    },
    'NOTARY_METADATA_INVALID',
  ],
];

test.each(forgeries)('%s: refused', async (_, forge, code) => {
  const notary = new VirtualNotary();
  expect(await refused(notary)).toBe('accepted');
  forge(notary);
  expect(await refused(notary)).toBe(code);
});

test('a file without SHA-512 is compared with SHA-256', async () => {
  const notary = new VirtualNotary();
  delete notary.snapshot.meta.targets.hashes.sha512;
  notary.publishSnapshot();
  expect(await refused(notary)).toBe('accepted');
  const other = seal({ ...notary.targets, version: 3 }, notary.signers.targets!);
  notary.files.set(notary.fileOf('targets'), other);
  notary.snapshot.meta.targets.length = other.byteLength;
  notary.publishSnapshot();
  expect(await refused(notary)).toBe('NOTARY_MISMATCH');
});

test('a role that needs two keys is not content with one that signs twice, nor with one in two certificates', async () => {
  const notary = new VirtualNotary();
  const signing = generateSigningKey();
  const one = bareKey();
  notary.signers.targets = [one, bareKey()];
  notary.nameKeys();
  notary.root.roles.targets.threshold = 2;
  notary.publishRoot();
  notary.publish();
  expect(await refused(notary)).toBe('accepted');
  notary.signers.targets = [one, one];
  notary.publish();
  expect(await refused(notary)).toBe('NOTARY_THRESHOLD');
  notary.signers.targets = [0, 1].map(() => new TrustKey(signing, certificateOf(signing, 'anyone')));
  notary.nameKeys();
  notary.root.roles.targets.threshold = 2;
  notary.publishRoot();
  notary.publish();
  expect(await refused(notary)).toBe('NOTARY_THRESHOLD');
});

test.each([
  ['the method of another kind of key', (s: Document) => ({ ...s, method: 'eddsa' })],
  ['a method that is unknown', (s: Document) => ({ ...s, method: 'none' })],
  ['a method named like a member of every object', (s: Document) => ({ ...s, method: 'constructor' })],
  [
    'a signature in DER',
    (s: Document) => ({
      ...s,
      sig: Buffer.concat([Buffer.from('3044', 'hex'), Buffer.from(s.sig, 'base64')]).toString('base64'),
    }),
  ],
  ['a signature of zeros', (s: Document) => ({ ...s, sig: Buffer.alloc(64).toString('base64') })],
  ['an empty signature', (s: Document) => ({ ...s, sig: '' })],
])('%s is no signature', async (_, change) => {
  const notary = new VirtualNotary();
  const [key] = notary.signers.targets!;
  const signature = key!.signature.bind(key);
  Object.assign(key!, { signature: (bytes: Uint8Array) => change(signature(bytes)) });
  notary.publish();
  expect(await refused(notary)).toBe('NOTARY_THRESHOLD');
});

test('methods are compared without case, as Notary does', async () => {
  const notary = new VirtualNotary();
  const [key] = notary.signers.targets!;
  Object.assign(key!, { method: 'ECDSA' });
  notary.publish();
  expect(await refused(notary)).toBe('accepted');
});

test('a root that nobody named is believed only when that is asked for', async () => {
  const notary = new VirtualNotary();
  expect(await refused(notary, pinOfKeys(['0'.repeat(64)]))).toBe('NOTARY_ROOT_UNTRUSTED');
  expect(await refused(notary, { kind: 'authorities', certificates: [] })).toBe('NOTARY_ROOT_UNTRUSTED');
  expect(await refused(notary, firstUse)).toBe('accepted');
  expect(await refused(notary, pinOfKeys([notary.signers.root![0]!.id]))).toBe('accepted');
});

test('on first use the first is believed, and from then on no other', async () => {
  const state = memoryState();
  expect(await refused(new VirtualNotary(), firstUse, state)).toBe('accepted');
  const other = new VirtualNotary();
  expect(await refused(other, firstUse, state)).toBe('NOTARY_ROOT_UNTRUSTED');
  other.rotateRoot();
  expect(await refused(other, firstUse, state)).toBe('NOTARY_ROOT_UNTRUSTED');
});

test('to ask for trust on first use does not undo a root that was named before', async () => {
  const state = memoryState();
  const notary = new VirtualNotary();
  expect(await refused(notary, pinOf(notary), state)).toBe('accepted');
  const other = new VirtualNotary();
  other.rotateRoot();
  expect(await refused(other, firstUse, state)).toBe('NOTARY_ROOT_UNTRUSTED');
});

test('to ask for trust on first use does not forget what was seen under a root that was named', async () => {
  const state = memoryState();
  const notary = new VirtualNotary();
  notary.timestamp.version = 7;
  notary.publish();
  for (const pin of [pinOf(notary), firstUse]) expect(await refused(notary, pin, state)).toBe('accepted');
  notary.timestamp.version = 6;
  notary.publish();
  expect(await refused(notary, pinOf(notary), state)).toBe('NOTARY_ROLLBACK');
});

test('a root that was believed on first use is not, once another is named', async () => {
  const state = memoryState();
  const notary = new VirtualNotary();
  expect(await refused(notary, firstUse, state)).toBe('accepted');
  expect(await refused(notary, pinOfKeys(['0'.repeat(64)]), state)).toBe('NOTARY_ROOT_UNTRUSTED');
});

test('trust data of another repository with the same root key is none of this one', async () => {
  const signing = generateSigningKey();
  const [mine, other] = ['registry.test/team/app', 'registry.test/team/other'].map(
    (name) => new VirtualNotary(name, signing),
  );
  const pin = pinOf(mine!);
  expect(pin).toEqual(pinOf(other!));
  expect(await refused(other!, pin)).toBe('accepted');
  expect(await refused(other!, pin, memoryState(), mine!.repository)).toBe('NOTARY_THRESHOLD');
  expect(await refused(other!, firstUse, memoryState(), mine!.repository)).toBe('NOTARY_THRESHOLD');
});

test('a certificate may be of all repositories that begin alike, and of no others', async () => {
  const notary = new VirtualNotary();
  notary.signers.root = [rootKey('registry.test/team/*')];
  notary.nameKeys();
  notary.publishRoot();
  notary.publish();
  expect(await refused(notary)).toBe('accepted');
  expect(await refused(notary, pinOf(notary), memoryState(), 'registry.test/others/app')).toBe(
    'NOTARY_THRESHOLD',
  );
});

test('a root whose keys are bare, an authority’s or expired is none', async () => {
  const signing = generateSigningKey();
  const cases: [TrustKey, string][] = [
    [new TrustKey(signing), 'NOTARY_THRESHOLD'],
    [rootKey('registry.test/team/app', signing, { authority: true }), 'NOTARY_THRESHOLD'],
    [rootKey('registry.test/team/app', signing, { validUntil: new Date(past) }), 'NOTARY_EXPIRED'],
    [
      rootKey('registry.test/team/app', signing, { validFrom: new Date('2026-06-03T00:00:00Z') }),
      'NOTARY_EXPIRED',
    ],
    [rootKey('registry.test/team/app', signing, { validFrom: new Date('2026-06-02T00:00:00Z') }), 'accepted'],
  ];
  for (const [key, code] of cases) {
    const notary = new VirtualNotary();
    notary.signers.root = [key];
    notary.nameKeys();
    notary.publishRoot();
    notary.publish();
    expect(await refused(notary)).toBe(code);
  }
});

test('authorities make the keys trusted whose certificates they issued', async () => {
  const authority = generateSigningKey();
  const anchor = certificateOf(authority, 'CA', { authority: true });
  const pin: RootPin = {
    kind: 'authorities',
    certificates: parsePem(anchor, 'CA').map(({ bytes }) => parseCertificate(bytes)),
  };
  const notary = new VirtualNotary();
  expect(await refused(notary, pin)).toBe('NOTARY_ROOT_UNTRUSTED');
  notary.signers.root = [
    rootKey(notary.repository, generateSigningKey(), { issuer: { name: 'CA', key: authority } }),
  ];
  notary.nameKeys();
  notary.publishRoot();
  notary.publish();
  expect(await refused(notary, pin)).toBe('accepted');
  const stranger = { name: 'CA', key: generateSigningKey() };
  notary.signers.root = [rootKey(notary.repository, generateSigningKey(), { issuer: stranger })];
  notary.nameKeys();
  notary.publishRoot();
  notary.publish();
  expect(await refused(notary, pin)).toBe('NOTARY_ROOT_UNTRUSTED');
});

test('a threshold of root keys is one of keys that are trusted', async () => {
  const notary = new VirtualNotary();
  const [mine] = notary.signers.root!;
  notary.signers.root = [mine!, rootKey(notary.repository), rootKey(notary.repository)];
  notary.nameKeys();
  notary.root.roles.root.threshold = 2;
  notary.publishRoot();
  notary.publish();
  expect(await refused(notary, pinOf(notary))).toBe('accepted');
  expect(await refused(notary, pinOfKeys([mine!.id]))).toBe('NOTARY_ROOT_UNTRUSTED');
});

test('root keys are followed through rotations, by who saw the first and by who names it', async () => {
  const notary = new VirtualNotary();
  const pin = pinOf(notary);
  const first: RootPin = { kind: 'root', bytes: notary.files.get('root.json')! };
  const state = memoryState();
  await update(notary, pin, state);
  for (let count = 0; count < 3; count++) notary.rotateRoot();
  for (const [named, seen] of [
    [pin, state],
    [pin, memoryState()],
    [first, memoryState()],
    [firstUse, memoryState()],
  ] as const)
    expect((await update(notary, named, seen)).root.version).toBe(4);
});

const rotations: readonly [string, (notary: VirtualNotary) => void, string][] = [
  [
    'that the key before did not sign',
    (n) => {
      n.publishRoot([n.signers.root![0]!]);
      n.publish();
    },
    'NOTARY_ROOT_UNTRUSTED',
  ],
  [
    'on whose way one is missing',
    (n) => {
      n.rotateRoot();
      n.files.delete('2.root.json');
    },
    'NOTARY_ROOT_UNTRUSTED',
  ],
  [
    'on whose way one is another',
    (n) => {
      n.rotateRoot();
      n.files.set('2.root.json', n.files.get('3.root.json')!);
    },
    'NOTARY_ROOT_UNTRUSTED',
  ],
  [
    'that its own key did not sign',
    (n) => {
      const before = n.signers.root!;
      n.rotateRoot();
      n.publishRoot(before);
      n.publish();
    },
    'NOTARY_THRESHOLD',
  ],
];

test.each(rotations)('a rotation %s is refused', async (_, forge, code) => {
  const notary = new VirtualNotary();
  const pin = pinOf(notary);
  const state = memoryState();
  await update(notary, pin, state);
  notary.rotateRoot();
  expect(await refused(notary, pin, memoryState())).toBe('accepted');
  forge(notary);
  expect(await refused(notary, pin, state)).toBe(code);
  expect(await refused(notary, pin, memoryState())).toBe(code);
});

test('no version of the root is passed over, whoever signed the one after', async () => {
  const notary = new VirtualNotary();
  const pin = pinOf(notary);
  const [first] = notary.signers.root!;
  notary.rotateRoot();
  const [second] = notary.signers.root!;
  notary.root.version++;
  notary.publishRoot([first!, second!]);
  notary.publish();
  const first1: RootPin = { kind: 'root', bytes: notary.files.get('1.root.json')! };
  expect(await refused(notary, first1)).toBe('accepted');
  notary.files.set('2.root.json', notary.files.get('3.root.json')!);
  expect(await refused(notary, first1)).toBe('NOTARY_ROOT_UNTRUSTED');
  expect(await refused(notary, pin)).toBe('NOTARY_ROOT_UNTRUSTED');
});

test('a server that has the newest root for every version is not asked again and again', async () => {
  const notary = new VirtualNotary();
  const pin = pinOf(notary);
  for (let count = 0; count < 20; count++) notary.rotateRoot();
  for (let version = 1; version < 21; version++)
    notary.files.set(`${version}.root.json`, notary.files.get('root.json')!);
  expect(await refused(notary, pin)).toBe('NOTARY_ROOT_UNTRUSTED');
  expect(notary.requests).toEqual(['root.json', '20.root.json']);
});

test('roots are walked so far, and no further', async () => {
  const notary = new VirtualNotary();
  const pin = pinOf(notary);
  const first: RootPin = { kind: 'root', bytes: notary.files.get('root.json')! };
  for (let count = 0; count < 140; count++) notary.rotateRoot();
  expect(await refused(notary, first)).toBe('NOTARY_ROOT_UNTRUSTED');
  expect(notary.requests).toEqual(['root.json']);
  notary.requests.length = 0;
  expect(await refused(notary, pin)).toBe('NOTARY_ROOT_UNTRUSTED');
  expect(notary.requests.length).toBeLessThan(132);
});

test('a key that was rotated away signs nothing any more', async () => {
  const notary = new VirtualNotary();
  const state = memoryState();
  const pin = pinOf(notary);
  await update(notary, pin, state);
  const [stolen] = notary.signers.targets!;
  notary.signers.targets = [bareKey()];
  notary.rotateRoot();
  expect(await refused(notary, pin, state)).toBe('accepted');
  notary.signers.targets = [stolen!];
  notary.publish();
  expect(await refused(notary, pin, state)).toBe('NOTARY_THRESHOLD');
});

test('a root from further back than is walked is refused', async () => {
  const notary = new VirtualNotary();
  const pin = pinOf(notary);
  notary.root.version = 500;
  notary.rotateRoot();
  expect(await refused(notary, { kind: 'root', bytes: notary.files.get('1.root.json')! })).toBe(
    'NOTARY_ROOT_UNTRUSTED',
  );
  expect(await refused(notary, pin)).toBe('NOTARY_ROOT_UNTRUSTED');
  expect(notary.requests.length).toBeLessThan(10);
});

test.each(['timestamp', 'snapshot', 'targets', 'targets/releases'])(
  'an older %s than was seen is a rollback',
  async (role) => {
    const notary = new VirtualNotary();
    const state = memoryState();
    notary.delegate('targets/releases', [bareKey()]);
    const document: Document = {
      ...notary.delegated,
      timestamp: notary.timestamp,
      snapshot: notary.snapshot,
      targets: notary.targets,
    }[role]!;
    document.version = 7;
    notary.publish();
    expect(await refused(notary, pinOf(notary), state)).toBe('accepted');
    document.version = 6;
    notary.publish();
    const [result] = await Promise.allSettled([update(notary, pinOf(notary), state)]);
    const error = result.status === 'fulfilled' ? result.value.problems.get(role)?.error : result.reason;
    expect(error).toMatchObject({ code: 'NOTARY_ROLLBACK', found: 'version 6' });
    // Nor is it forgotten by being offered again.
    document.version = 7;
    notary.publish();
    expect((await update(notary, pinOf(notary), state)).problems.size).toBe(0);
  },
);

test('an older root, and none any more, are rollbacks', async () => {
  const notary = new VirtualNotary();
  const state = memoryState();
  const pin = pinOf(notary);
  const first = notary.files.get('root.json')!;
  notary.rotateRoot();
  await update(notary, pin, state);
  notary.files.set('root.json', first);
  expect(await refused(notary, pin, state)).toBe('NOTARY_ROLLBACK');
  notary.files.clear();
  expect(await refused(notary, pin, state)).toBe('NOTARY_ROLLBACK');
  expect(await refused(notary, pin)).toBe('NOTARY_NOT_FOUND');
});

test('a server that does not answer has not said that there is nothing', async () => {
  const notary = new VirtualNotary();
  notary.reachable = false;
  expect(await refused(notary)).toBe('NOTARY_UNREACHABLE');
});

test('what was refused is not remembered', async () => {
  const notary = new VirtualNotary();
  const state = memoryState();
  notary.timestamp.version = 100;
  notary.targets.expires = past;
  notary.publish();
  expect(await refused(notary, pinOf(notary), state)).toBe('NOTARY_EXPIRED');
  expect(state.read(notary.repository)).toBeUndefined();
});

test('a root is named by one of the repository', async () => {
  const notary = new VirtualNotary();
  const bytes = new VirtualNotary('registry.test/another').files.get('root.json')!;
  expect(await refused(notary, { kind: 'root', bytes })).toBe('NOTARY_ROOT_UNREADABLE');
  expect(() => pinOfKeys(['1234'])).toThrow(expect.objectContaining({ code: 'NOTARY_ROOT_UNREADABLE' }));
  expect(() => pinOfKeys([])).toThrow(expect.objectContaining({ code: 'NOTARY_ROOT_UNREADABLE' }));
});

test('keys of delegations stand for nothing in the root', async () => {
  const notary = new VirtualNotary();
  const key = bareKey();
  notary.delegate('targets/releases', [key]);
  notary.signers.targets = [key];
  notary.publish();
  expect(await refused(notary)).toBe('NOTARY_THRESHOLD');
});
