import { createHash } from 'node:crypto';
import type { Digest, ManifestContent, Platform, Repository } from '@pratique/oci';
import { expect, test } from 'vitest';
import { readConfigFiles } from './config-files.ts';

/** `platform`: as the index above has it. */
type Tree = { readonly platform?: Platform } & (
  | { readonly config: unknown; readonly size?: number }
  | { readonly index: readonly Tree[] }
);

/** A repository with these images and indexes, and the top of them. */
function repositoryOf(tree: Tree): { repository: Repository; image: ManifestContent } {
  const manifests = new Map<string, ManifestContent>();
  const blobs = new Map<string, Uint8Array>();
  const digestOf = (text: string): Digest => `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const add = (node: Tree): ManifestContent => {
    const digest = digestOf(JSON.stringify(node));
    const descriptor = { mediaType: 'm', digest, size: 1 };
    let manifest: ManifestContent['manifest'];
    if ('index' in node) {
      const children = node.index.map((child) => ({
        ...add(child).descriptor,
        ...(child.platform === undefined ? {} : { platform: child.platform }),
      }));
      manifest = { kind: 'index', mediaType: 'm', manifests: children, annotations: {} };
    } else {
      const text = typeof node.config === 'string' ? node.config : JSON.stringify(node.config);
      const config = { mediaType: 'c', digest: digestOf(text), size: node.size ?? text.length };
      blobs.set(config.digest, new TextEncoder().encode(text));
      manifest = { kind: 'image', mediaType: 'm', config, layers: [], annotations: {} };
    }
    const content: ManifestContent = { descriptor, bytes: new Uint8Array(), manifest };
    manifests.set(digest, content);
    return content;
  };
  const image = add(tree);
  const repository = {
    getManifest: async (digest: string) => manifests.get(digest)!,
    getBlob: async ({ digest }: { digest: string }) => blobs.get(digest)!,
  } as unknown as Repository;
  return { repository, image };
}

async function read(tree: Tree) {
  const { repository, image } = repositoryOf(tree);
  return await readConfigFiles(repository, image, AbortSignal.timeout(5000));
}

const amd64 = { os: 'linux', architecture: 'amd64', config: { User: '1000' } };
const arm = { os: 'linux', architecture: 'arm', variant: 'v7' };
const unknown = { os: 'unknown', architecture: 'unknown' };

test('every configuration is there by its platform', async () => {
  expect(await read({ config: amd64 })).toEqual({ 'linux/amd64': amd64 });
  const windows = { os: 'windows', architecture: 'amd64', 'os.version': '10.0.1' };
  const tree = { index: [{ config: amd64 }, { index: [{ config: arm }] }, { config: windows }] };
  expect(await read(tree)).toEqual({
    'linux/amd64': amd64,
    'linux/arm/v7': arm,
    'windows/amd64:10.0.1': windows,
  });
});

test('two images for one platform are a fault: a policy would see one, and a node could take the other', async () => {
  const root = { ...amd64, config: { User: 'root' } };
  await expect(read({ index: [{ config: root }, { config: amd64 }] })).rejects.toMatchObject({
    code: 'CONFIG_FILES_UNREADABLE',
  });
  const attestations = [unknown, { ...unknown, more: 1 }].map((config) => ({ config, platform: unknown }));
  expect(Object.keys(await read({ index: [{ config: amd64 }, ...attestations] }))).toHaveLength(2);
});

test('an image that says in its configuration that it is for no machine cannot hide behind one that is for none', async () => {
  const root = {
    config: { ...unknown, config: { User: 'root' } },
    platform: { os: 'linux', architecture: 'amd64' },
  };
  const attestation = { config: unknown, platform: unknown };
  for (const index of [
    [root, attestation],
    [attestation, root],
    [{ config: root.config }, { config: unknown }],
  ])
    await expect(read({ index })).rejects.toMatchObject({ code: 'CONFIG_FILES_UNREADABLE' });
});

test('a field that Go reads in another spelling is a fault: a policy would see one user, and the node run another', async () => {
  const twofold = { ...amd64, config: { User: '1000', user: 'root' } };
  await expect(read({ config: twofold })).rejects.toMatchObject({ code: 'OCI_CONFIG_INVALID' });
});

const deep = (levels: number): Tree => (levels === 0 ? { config: amd64 } : { index: [deep(levels - 1)] });

test.each<[string, Tree]>([
  ['more than an index has', { index: Array.from({ length: 70 }, (_, n) => ({ config: { os: `os${n}` } })) }],
  ['an index in an index in an index in an index', deep(4)],
  ['more bytes than configurations have', { config: amd64, size: 40 * 1024 * 1024 }],
])('refused: %s', async (_what, tree) => {
  await expect(read(tree)).rejects.toMatchObject({ code: 'CONFIG_FILES_UNREADABLE' });
});

test('a configuration that is no JSON is a fault', async () => {
  await expect(read({ config: 'no JSON' })).rejects.toMatchObject({ code: 'OCI_CONFIG_INVALID' });
});
