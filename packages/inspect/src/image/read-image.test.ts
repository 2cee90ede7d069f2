import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  buildImageManifest,
  buildIndex,
  type Descriptor,
  type Digest,
  digestHex,
  digestOf,
  type LayoutRepository,
  mediaTypes,
  openLayout,
} from '@pratique/oci';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { KeepRule } from '../filesystem/types.ts';
import { file, tar } from '../testing/tar.ts';
import { parseImageConfig } from './config.ts';
import { readImage } from './read-image.ts';

const keep: KeepRule = { id: 'everything', keep: () => 'whole' };
const linux = { os: 'linux', architecture: 'amd64' };
const code = (expected: string) => expect.objectContaining({ code: expected });

let root: string;
let layout: LayoutRepository;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'inspect-image-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  layout = await openLayout(root, { create: true });
});

async function put(bytes: Uint8Array, mediaType: string): Promise<Descriptor> {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await layout.putBlob(descriptor, bytes);
  return descriptor;
}

/** Stores an image; `diffIds` may lie. */
async function image(
  tag: string,
  layers: readonly Uint8Array[],
  diffIds: readonly Digest[],
  configType: string = mediaTypes.ociConfig,
): Promise<Descriptor> {
  const config = { ...linux, rootfs: { type: 'layers', diff_ids: diffIds } };
  const built = buildImageManifest({
    config: await put(Buffer.from(JSON.stringify(config)), configType),
    layers: await Promise.all(layers.map((bytes) => put(bytes, mediaTypes.ociLayerGzip))),
  });
  return await layout.putManifest(built.bytes, built.descriptor.mediaType, { tag });
}

const lower = tar([file('a', 'lower'), file('b', 'lower')]);
const upper = tar([file('a', 'upper'), file('.wh.b', '')]);
const ids = [lower, upper].map((bytes) => digestOf(bytes));

describe('an image is read whatever its layers are compressed with', () => {
  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['nothing', (bytes) => bytes],
    ['gzip', (bytes) => gzipSync(bytes)],
    [
      'gzip in several members',
      (bytes) => Buffer.concat([gzipSync(bytes.subarray(0, 700)), gzipSync(bytes.subarray(700))]),
    ],
    ['zstd', (bytes) => zstdCompressSync(bytes)],
  ])('%s', async (_, compress) => {
    await image('v1', [compress(lower), compress(upper)], ids);
    const { fileSystem, config } = await readImage(layout, 'v1', { keep });
    onTestFinished(() => fileSystem.close());
    expect([...fileSystem.nodes()].map(({ path, layer }) => [path, layer])).toEqual([['a', 1]]);
    expect(Buffer.from(fileSystem.get('a')!.content!.read(0, 99)).toString()).toBe('upper');
    expect(config.diffIds).toEqual(ids);
  });
});

describe('nothing is believed', () => {
  test('a layer that is not what the configuration says', async () => {
    await image('v1', [gzipSync(lower), gzipSync(upper)], [ids[0]!, ids[0]!]);
    await expect(readImage(layout, 'v1')).rejects.toThrow(code('INSPECT_DIFF_ID_MISMATCH'));
  });

  test('a layer that was changed where it is stored, with its length kept', async () => {
    const { digest } = await put(lower, mediaTypes.ociLayer);
    await image('v1', [lower], [ids[0]!]);
    const changed = Buffer.from(lower);
    changed.write('evil!', 512);
    writeFileSync(join(root, 'blobs/sha256', digestHex(digest)), changed);
    await expect(readImage(layout, 'v1')).rejects.toThrow(code('OCI_DIGEST_MISMATCH'));
  });

  test('more or fewer layers than the configuration says', async () => {
    await image('v1', [lower], ids);
    await expect(readImage(layout, 'v1')).rejects.toThrow(code('INSPECT_CONFIG_INVALID'));
  });

  test('the first error is the one reported, whatever the other layers do then', async () => {
    await image('v1', [tar([file('../evil')]), lower, lower, upper], ids);
    await expect(readImage(layout, 'v1')).rejects.toThrow(code('INSPECT_CONFIG_INVALID'));
    const evil = tar([file('../evil')]);
    await image('v2', [evil, lower, lower, upper], [digestOf(evil), ids[0]!, ids[0]!, ids[1]!]);
    await expect(readImage(layout, 'v2')).rejects.toThrow(code('INSPECT_LAYER_UNSAFE'));
  });

  test('an artifact is no image', async () => {
    await image('v1', [], [], 'application/vnd.example+json');
    await expect(readImage(layout, 'v1')).rejects.toThrow(code('INSPECT_NOT_AN_IMAGE'));
  });

  test('a cancelled reading ends as such', async () => {
    await image('v1', [lower], [ids[0]!]);
    await expect(readImage(layout, 'v1', { signal: AbortSignal.abort() })).rejects.toThrow(
      code('OCI_CANCELLED'),
    );
  });
});

describe('of an index', () => {
  test('the image of the platform is read; attestations are none', async () => {
    const mine = await image('one', [lower], [ids[0]!]);
    const other = await image('two', [upper], [ids[1]!]);
    const { bytes } = buildIndex({
      manifests: [
        { ...mine, platform: linux },
        { ...other, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
        { ...other, platform: { os: 'unknown', architecture: 'unknown' } },
      ],
    });
    await layout.putManifest(bytes, mediaTypes.ociIndex, { tag: 'index' });
    const read = async (platform: { os: string; architecture: string }) =>
      (await readImage(layout, 'index', { platform })).descriptor.digest;
    expect(await read(linux)).toBe(mine.digest);
    expect(await read({ os: 'linux', architecture: 'arm64' })).toBe(other.digest);
    await expect(read({ os: 'unknown', architecture: 'unknown' })).rejects.toThrow(
      code('INSPECT_PLATFORM_MISSING'),
    );
    await expect(read({ os: 'linux', architecture: 's390x' })).rejects.toThrow(
      expect.objectContaining({ kind: 'usage', found: 'linux/amd64, linux/arm64/v8' }),
    );
  });
});

test.each([
  [{ os: 'linux', architecture: 'x86_64' }, linux],
  [{ os: 'Linux', architecture: 'AMD64' }, linux],
  [{ os: '', architecture: 'amd64' }, linux],
  [
    { os: 'linux', architecture: 'aarch64' },
    { os: 'linux', architecture: 'arm64' },
  ],
])(
  'an image that a node takes by another name of its platform is not passed over: %j',
  async (name, platform) => {
    const benign = await image('benign', [lower], [ids[0]!]);
    const hidden = await image('hidden', [upper], [ids[1]!]);
    const { bytes } = buildIndex({
      manifests: [
        { ...hidden, platform: name },
        { ...benign, platform },
      ],
    });
    await layout.putManifest(bytes, mediaTypes.ociIndex, { tag: 'index' });
    await expect(readImage(layout, 'index', { platform })).rejects.toThrow(code('INSPECT_PLATFORM_MISSING'));
  },
);

test('fields of the configuration that have the wrong type are absent, but not its layers', () => {
  const parse = (document: unknown) => parseImageConfig(Buffer.from(JSON.stringify(document)));
  expect(parse({ config: { User: 5, Env: 'A=b' }, history: [7], rootfs: { diff_ids: [] } })).toMatchObject({
    user: '',
    env: [],
    history: [{ createdBy: '', emptyLayer: false }],
  });
  for (const rootfs of [{ diff_ids: ['sha256:short'] }, { diff_ids: 'all' }])
    expect(() => parse({ rootfs })).toThrow(code('INSPECT_CONFIG_INVALID'));
  expect(() => parseImageConfig(Buffer.from('{'))).toThrow(code('OCI_CONFIG_INVALID'));
});
