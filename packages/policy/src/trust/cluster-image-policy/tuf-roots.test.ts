import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeBase64, generateSigningKey } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { tarEnd, tarHeader, tarPadding } from '@pratique/oci';
import { readTargetOnce, tufErrors } from '@pratique/tuf';
import { now, VirtualRepository } from '@pratique/tuf/testing/virtual-repository';
import fc from 'fast-check';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { loadTrust } from '../load.ts';
import { fetchTrustRoots, type OpenRemote } from './tuf-roots.ts';

const { publicKey } = generateSigningKey();
const trustedRoot = JSON.stringify({
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [
    {
      baseUrl: 'https://rekor.example.test',
      publicKey: { rawBytes: encodeBase64(publicKey.spki), validFor: { start: '2026-01-01T00:00:00Z' } },
      logId: { keyId: publicKey.hint },
    },
  ],
});

let repository: VirtualRepository;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pratique-trust-roots-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  repository = new VirtualRepository();
  repository.next();
  repository.addTarget('trusted_root.json', trustedRoot);
  repository.publish();
});

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The repository as policy-controller wants it in a TrustRoot: `tar`, `gzip`, `base64`. */
function mirrorFS(prefix = 'repository/', rename = (path: string) => path): string {
  const parts: Uint8Array[] = [];
  for (const [path, bytes] of repository.files) {
    const entry = { path: prefix + rename(path), type: 'file', size: bytes.byteLength } as const;
    parts.push(...tarHeader({ ...entry, mode: 0o644, uid: 0, gid: 0, mtime: 0 }), bytes);
    parts.push(tarPadding(bytes.byteLength));
  }
  return encodeBase64(gzipSync(Buffer.concat([...parts, tarEnd])));
}

function trustRoot(spec: object): string {
  return JSON.stringify({
    apiVersion: 'policy.sigstore.dev/v1alpha1',
    kind: 'TrustRoot',
    metadata: { name: 'tuf' },
    spec,
  });
}
const policy = JSON.stringify({
  apiVersion: 'policy.sigstore.dev/v1beta1',
  kind: 'ClusterImagePolicy',
  metadata: { name: 'release' },
  spec: {
    images: [{ glob: 'r.io/**' }],
    authorities: [
      {
        keyless: {
          url: 'https://fulcio.example.test',
          trustRootRef: 'tuf',
          identities: [{ issuer: 'https://i.test', subject: 'a' }],
        },
      },
    ],
  },
});

async function load(spec: object, openRemote?: OpenRemote) {
  const file = join(folder, 'policies.yaml');
  writeFileSync(file, `${policy}\n---\n${trustRoot(spec)}\n`);
  return await loadTrust(file, { now, ...(openRemote === undefined ? {} : { openRemote }) });
}
const logsOf = (trust: Awaited<ReturnType<typeof load>>) =>
  [...trust.authorities.values()].flatMap(({ vouching }) => vouching.logs.map(({ baseUrl }) => baseUrl));

/** A remote that is this repository. */
const remote: OpenRemote = async (_mirror, root) => ({
  read: (target) => readTargetOnce({ mirror: repository.mirror(), root, now }, target),
});

const root = () => text(repository.bootstrap);

test.each([
  ['in a folder `repository`, as policy-controller packs it', () => ({ mirrorFS: mirrorFS() })],
  ['without a folder', () => ({ mirrorFS: mirrorFS('./') })],
  [
    'with its targets in another folder',
    () => ({
      mirrorFS: mirrorFS('repository/', (path) => path.replace(/^targets/, 'files')),
      targets: 'files',
    }),
  ],
  ['with its root in base64', () => ({ mirrorFS: mirrorFS(), root: encodeBase64(repository.bootstrap) })],
])('a TrustRoot with a whole repository is read without a request, %s', async (_name, spec) => {
  const trust = await load({ repository: { root: root(), ...spec() } });
  expect(logsOf(trust)).toEqual(['https://rekor.example.test']);
});

test('a trusted root of another name is read by that name', async () => {
  repository.next();
  repository.addTarget('other.json', trustedRoot.replace('rekor.example', 'other.example'));
  repository.publish();
  const spec = { root: root(), mirrorFS: mirrorFS(), trustedRootTarget: 'other.json' };
  expect(logsOf(await load({ repository: spec }))).toEqual(['https://other.example.test']);
});

test('a TrustRoot in a repository elsewhere is read from there, and believed on its root only', async () => {
  const seen: unknown[] = [];
  const trust = await load(
    { remote: { mirror: 'https://tuf.example.test', root: root() } },
    (mirror, bytes, targets) => {
      seen.push(mirror, text(bytes), targets);
      return remote(mirror, bytes, targets);
    },
  );
  expect(logsOf(trust)).toEqual(['https://rekor.example.test']);
  expect(seen).toEqual(['https://tuf.example.test', root(), 'targets']);
  const other = text(new VirtualRepository().bootstrap);
  const refused = load({ remote: { mirror: 'https://tuf.example.test', root: other } }, remote);
  await expect(refused).rejects.toThrow(/policies.yaml:\d+:\d+: .*TUF_THRESHOLD/);
});

test('a repository that is down is a fault, not an answer', async () => {
  const down: OpenRemote = async () => {
    throw tufErrors.error('TUF_UNREACHABLE', { message: 'nobody is there' });
  };
  const refused = load({ remote: { mirror: 'https://tuf.example.test', root: root() } }, down);
  await expect(refused).rejects.toMatchObject({
    code: 'TUF_UNREACHABLE',
    message: expect.stringMatching(/policies.yaml:\d+:\d+: .*nobody is there/),
  });
});

test('what nobody offered to fetch is refused', async () => {
  const refused = load({ remote: { mirror: 'https://tuf.example.test', root: root() } });
  await expect(refused).rejects.toMatchObject({ code: 'TRUST_INVALID' });
});

test.each([
  ['has expired', 'TUF_EXPIRED', () => (repository.timestamp.expires = '2026-06-01T11:00:00Z')],
  ['has a target that was changed', 'TUF_MISMATCH', changeTarget],
  [
    'is not signed',
    'TUF_THRESHOLD',
    () => Object.assign(repository.signers, { timestamp: [generateSigningKey('ed25519')] }),
  ],
])('a whole repository that %s is refused with its place', async (_name, code, change) => {
  change();
  if (code !== 'TUF_MISMATCH') {
    repository.next();
    repository.publish();
  }
  const refused = load({ repository: { root: root(), mirrorFS: mirrorFS() } });
  await expect(refused).rejects.toMatchObject({
    code: 'TRUST_INVALID',
    message: expect.stringMatching(new RegExp(`policies.yaml:\\d+:\\d+: .*${code}`)),
  });
});

function changeTarget(): void {
  for (const [path, bytes] of repository.files) {
    if (path.startsWith('targets/')) repository.files.set(path, bytes.with(0, bytes[0]! ^ 1));
  }
}

test('an archive that is none, or holds no repository, is refused', async () => {
  const archives = [
    'x',
    encodeBase64(Uint8Array.of(1, 2, 3)),
    encodeBase64(gzipSync(Uint8Array.of(1, 2, 3))),
  ];
  const bomb = encodeBase64(gzipSync(new Uint8Array(40 * 1024 * 1024)));
  for (const mirrorFS of [...archives, bomb]) {
    await expect(load({ repository: { root: root(), mirrorFS } })).rejects.toMatchObject({
      code: expect.stringMatching(/^(TRUST_INVALID|TUF_UNREACHABLE)$/),
    });
  }
});

test('a damaged archive is answered with an error of ours, and never with another root', async () => {
  const good = Buffer.from(mirrorFS(), 'base64');
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, byte) => {
      const damaged = encodeBase64(new Uint8Array(good).with(at, byte));
      const file = { name: 'p.yaml', text: trustRoot({ repository: { root: root(), mirrorFS: damaged } }) };
      try {
        const roots = await fetchTrustRoots([file], remote, now);
        expect(text(roots.get('tuf')!)).toBe(trustedRoot);
      } catch (error) {
        expect(error).toBeInstanceOf(PratiqueError);
      }
    }),
    { numRuns: 200 },
  );
});
