import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKey } from '@pratique/crypto';
import { type ServedNotary, serveNotary } from '@pratique/notary/testing/serve-notary';
import { bareKey, now, past, VirtualNotary } from '@pratique/notary/testing/virtual-notary';
import {
  buildImageManifest,
  type Descriptor,
  emptyDescriptor,
  emptyJson,
  openLayout,
  type Repository,
} from '@pratique/oci';
import { keySigner, signImage } from '@pratique/sigstore';
import { afterEach, expect, test } from 'vitest';
import { authorities, keyNamed, trustFrom } from '../testing/fakes.ts';
import { parseTrust } from '../trust/parse.ts';
import { createGate } from './gate.ts';

const folders: string[] = [];
let served: ServedNotary | undefined;
afterEach(() => {
  served?.close();
  served = undefined;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'gate-content-trust-'));
  folders.push(folder);
  return folder;
};

const name = 'r.example/team/app';

interface World {
  readonly repository: Repository;
  readonly notary: VirtualNotary;
  /** The image that 1.0 is signed to be, and another one of the same length. */
  readonly image: Descriptor;
  readonly other: Descriptor;
}

async function world(): Promise<World> {
  const repository = await openLayout(newFolder(), { create: true });
  await repository.putBlob(emptyDescriptor, emptyJson);
  const push = async (text: string, tag: string) => {
    const image = buildImageManifest({ layers: [emptyDescriptor], annotations: { is: text } });
    await repository.putManifest(image.bytes, image.descriptor.mediaType, { tag });
    return image;
  };
  const [image, other] = [await push('an image', '1.0'), await push('no image', '2.0')];
  const notary = new VirtualNotary(name);
  notary.sign('1.0', image.bytes);
  notary.publish();
  served = await serveNotary(notary);
  return { repository, notary, image: image.descriptor, other: other.descriptor };
}

/** The lines of a trust file in which `docker` trusts the repository’s root. */
const docker = ({ notary }: World, more = '') => `  docker:
    contentTrust: { server: "${served!.url}", rootKeys: ["${notary.signers.root![0]!.id}"]${more} }
`;
/** As `trustFrom`, with directories where they are. */
const trusting = (all: World, more = '') => {
  const lines = `${docker(all, more)}images: [{ match: "r.example/**", require: { any: [docker] } }]`;
  const text = `apiVersion: pratique.dev/v1\nkind: Trust\nauthorities:\n${lines}`;
  return parseTrust(text, 'trust.yaml', { resolve: (path) => path, read: () => new Uint8Array() });
};

async function decide(all: World, image: string, trust = trusting(all)) {
  const gate = createGate({ trust, openRepository: () => all.repository, clock: () => now.getTime() });
  return await gate.checkImage(`${name}${image}`);
}

const codesOf = async (...args: Parameters<typeof decide>): Promise<(string | boolean)[]> =>
  (await decide(...args)).denials.flatMap(({ code, fault }) => [code, fault]);

test('an image is allowed that its tag is signed to be, and the facts say by which role', async () => {
  const all = await world();
  const { allowed, evidence } = await decide(all, ':1.0');
  expect(allowed).toBe(true);
  const key = all.notary.signers.targets![0]!.canonicalId;
  const [facts] = Object.values(evidence);
  expect(facts?.signatures).toMatchObject([
    {
      format: 'docker-content-trust',
      signer: { kind: 'key', name: 'targets', fingerprint: key },
      authorities: ['docker'],
      annotations: { 'docker-content-trust.tag': '1.0', 'docker-content-trust.role': 'targets' },
      signedAt: null,
      log: null,
    },
  ]);
  expect(facts?.authorities.docker).toEqual({
    satisfied: true,
    attestations: [],
    by: [key],
    wanted: ['Docker Content Trust: targets/releases or targets'],
    format: 'docker-content-trust',
  });
});

test('the tag on the registry does not decide: what is signed does', async () => {
  const all = await world();
  const { bytes } = await all.repository.getManifest(all.other.digest);
  await all.repository.putManifest(bytes, all.other.mediaType, { tag: '1.0' });
  const { denials } = await decide(all, ':1.0');
  expect(denials).toMatchObject([
    {
      code: 'NOTARY_DIGEST_NOT_SIGNED',
      fault: false,
      expected: `${all.image.digest}, ${all.image.size} bytes`,
      found: `${all.other.digest}, ${all.other.size} bytes`,
      remedy: expect.stringContaining('pratique trust inspect'),
    },
  ]);
});

test.each([
  ['a tag that is not signed', (all: World) => codesOf(all, ':2.0'), 'NOTARY_TAG_NOT_SIGNED'],
  [
    'a tag beside a digest that it is not',
    (all: World) => codesOf(all, `:1.0@${all.other.digest}`),
    'NOTARY_DIGEST_NOT_SIGNED',
  ],
  [
    'a tag that is not signed, beside a digest that is',
    (all: World) => codesOf(all, `:2.0@${all.image.digest}`),
    'NOTARY_TAG_NOT_SIGNED',
  ],
  ['a digest that no tag is', (all: World) => codesOf(all, `@${all.other.digest}`), 'NOTARY_TAG_NOT_SIGNED'],
])('%s is refused', async (_, asking, code) => {
  expect(await asking(await world())).toEqual([code, false]);
});

test('an image that is named by its digest is one that some tag is signed to be', async () => {
  const all = await world();
  expect(await codesOf(all, `@${all.image.digest}`)).toEqual([]);
  expect(await codesOf(all, `:1.0@${all.image.digest}`)).toEqual([]);
});

test('a reference without tag and digest is of the tag latest', async () => {
  const all = await world();
  const { bytes } = await all.repository.getManifest(all.image.digest);
  await all.repository.putManifest(bytes, all.image.mediaType, { tag: 'latest' });
  expect(await codesOf(all, '')).toEqual(['NOTARY_TAG_NOT_SIGNED', false]);
  all.notary.sign('latest', bytes);
  all.notary.publish();
  expect(await codesOf(all, '')).toEqual([]);
});

test('a signed length that is another is not of this image', async () => {
  const all = await world();
  all.notary.targets.targets['1.0'].length++;
  all.notary.publish();
  expect(await codesOf(all, ':1.0')).toEqual(['NOTARY_DIGEST_NOT_SIGNED', false]);
});

test('only the roles count that are named', async () => {
  const all = await world();
  const { bytes } = await all.repository.getManifest(all.other.digest);
  all.notary.sign('2.0', bytes, all.notary.delegate('targets/alice', [bareKey()]));
  all.notary.publish();
  expect(await codesOf(all, ':2.0')).toEqual(['NOTARY_TAG_NOT_SIGNED', false]);
  const alice = trusting(all, ', roles: [targets/alice]');
  expect(await codesOf(all, ':2.0', alice)).toEqual([]);
  expect(await codesOf(all, ':1.0', alice)).toEqual(['NOTARY_TAG_NOT_SIGNED', false]);
});

const faults: readonly [string, (all: World) => void, string][] = [
  [
    'a server that is down',
    ({ notary }) => {
      notary.reachable = false;
    },
    'NOTARY_UNREACHABLE',
  ],
  [
    'an expired timestamp',
    ({ notary }) => {
      notary.timestamp.expires = past;
      notary.publish();
    },
    'NOTARY_EXPIRED',
  ],
  [
    'targets that a stranger signed',
    ({ notary }) => {
      notary.signers.targets = [bareKey()];
      notary.publish();
    },
    'NOTARY_THRESHOLD',
  ],
  [
    'a root of somebody else',
    ({ notary }) => {
      for (const [file, bytes] of new VirtualNotary(name, generateSigningKey()).files)
        notary.files.set(file, bytes);
    },
    'NOTARY_ROOT_UNTRUSTED',
  ],
  [
    'releases that have expired',
    ({ notary }) => {
      notary.delegate('targets/releases', [bareKey()]).expires = past;
      notary.publish();
    },
    'NOTARY_EXPIRED',
  ],
];

test.each(faults)(
  '%s is a fault, which denies and is not taken for an image that is not signed',
  async (_, spoil, code) => {
    const all = await world();
    spoil(all);
    for (const image of [':1.0', `@${all.image.digest}`])
      expect(await codesOf(all, image)).toEqual([code, true]);
  },
);

test('of an image that is named by its digest alone, nothing is known while a role is not believed', async () => {
  const all = await world();
  all.notary.delegate('targets/releases', [bareKey()], ['2.']).expires = past;
  all.notary.publish();
  expect(await codesOf(all, ':1.0')).toEqual([]);
  expect(await codesOf(all, `@${all.image.digest}`)).toEqual(['NOTARY_EXPIRED', true]);
});

test('a repository that the server does not know is not signed', async () => {
  const all = await world();
  all.notary.files.clear();
  expect(await codesOf(all, ':1.0')).toEqual(['NOTARY_NOT_FOUND', false]);
});

test.each([
  ['in memory', () => ''],
  ['in a directory', () => `, state: "${newFolder()}"`],
])('what was seen is remembered %s, and older trust data is a fault', async (_, state) => {
  const all = await world();
  const trust = trusting(all, state());
  let at = now.getTime();
  const gate = createGate({ trust, openRepository: () => all.repository, clock: () => at });
  const check = async () => {
    at += 600_000;
    return (await gate.checkImage(`${name}:1.0`)).denials.map(({ code, fault }) => [code, fault]);
  };
  const before = new Map(all.notary.files);
  all.notary.next();
  all.notary.publish();
  expect(await check()).toEqual([]);
  for (const [file, bytes] of before) all.notary.files.set(file, bytes);
  expect(await check()).toEqual([['NOTARY_ROLLBACK', true]]);
  all.notary.files.clear();
  expect(await check()).toEqual([['NOTARY_ROLLBACK', true]]);
});

test('a directory of the state is written where it is, and read by the next gate', async () => {
  const all = await world();
  const directory = newFolder();
  const trust = trusting(all, `, state: "${directory}"`);
  const before = new Map(all.notary.files);
  all.notary.next();
  all.notary.publish();
  expect(await codesOf(all, ':1.0', trust)).toEqual([]);
  expect(readdirSync(directory).sort()).toHaveLength(1);
  for (const [file, bytes] of before) all.notary.files.set(file, bytes);
  expect(await codesOf(all, ':1.0', trust)).toEqual(['NOTARY_ROLLBACK', true]);
});

test('nobody is asked about images of which content trust is not', async () => {
  const all = await world();
  const lines = `${authorities('team')}${docker(all)}images: [{ match: "r.example/**", require: { any: [team] } }]`;
  all.notary.reachable = false;
  const signer = keySigner(keyNamed('team'));
  await signImage(all.repository, all.image, signer);
  expect(await codesOf(all, ':1.0', trustFrom(lines))).toEqual([]);
});

test('a quorum of content trust and a key needs both', async () => {
  const all = await world();
  const lines = `${authorities('team')}${docker(all)}images: [{ match: "r.example/**", require: { all: [team, docker] } }]`;
  expect(await codesOf(all, ':1.0', trustFrom(lines))).toEqual(['QUORUM_NOT_MET', false]);
  await signImage(all.repository, all.image, keySigner(keyNamed('team')));
  expect(await codesOf(all, ':1.0', trustFrom(lines))).toEqual([]);
  expect(await codesOf(all, ':2.0', trustFrom(lines))).toEqual(['NOTARY_TAG_NOT_SIGNED', false]);
});

test('annotations that are asked for may be the tag and the role', async () => {
  const all = await world();
  const lines = (role: string) =>
    `authorities:\n${docker(all)}images: [{ match: "r.example/**", require: { any: [docker] }, annotations: { docker-content-trust.role: ${role} } }]`;
  expect(await codesOf(all, ':1.0', trustFrom(lines('targets')))).toEqual([]);
  expect(await codesOf(all, ':1.0', trustFrom(lines('targets/alice')))).toEqual([
    'ANNOTATION_REQUIRED',
    false,
  ]);
});
