import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openLayout } from '../layout/directory.ts';
import { buildIndex } from '../manifest/build.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import { createRegistryClient } from '../registry/client.ts';
import { referrersTag } from '../registry/referrers.ts';
import { putImage, putIndex, putReferrer, temporaryDirectory } from '../testing/images.ts';
import { startMemoryRegistry } from '../testing/memory-registry.ts';
import { quick } from '../testing/options.ts';
import { copyImage } from './copy.ts';

const layout = () => openLayout(join(temporaryDirectory(), 'l'), { create: true });

describe('a copy', () => {
  test('of an index has all its images under the same digests', async () => {
    const source = await layout();
    const index = await putIndex(source, 'v1');
    const registry = await startMemoryRegistry();
    const target = createRegistryClient(quick).repository(`${registry.host}/copy`);
    expect((await copyImage(source, 'v1', target, { tag: 'v2' })).digest).toBe(index.digest);
    const { manifest } = await target.getManifest('v2');
    if (manifest.kind !== 'index') throw new Error('not an index');
    for (const child of manifest.manifests) {
      const image = (await target.getManifest(child.digest)).manifest;
      if (image.kind === 'image')
        for (const layer of [image.config, ...image.layers]) await target.getBlob(layer);
    }
  });

  test('within one registry moves no bytes', async () => {
    const registry = await startMemoryRegistry();
    const client = createRegistryClient(quick);
    const source = client.repository(`${registry.host}/one`);
    await putImage(source, 'v1');
    const target = client.repository(`${registry.host}/two`);
    const before = registry.seen.length;
    // The test registry keeps blobs for all repositories together; say that the target has none.
    const bare = { ...target, hasBlob: async () => false };
    await copyImage(source, 'v1', bare, { tag: 'v1' });
    const sent = registry.seen.slice(before);
    expect(
      sent
        .filter(({ path }) => path.includes('mount='))
        .map(({ path }) => new URL(path, 'http://x').searchParams.get('from')),
    ).toEqual(['one', 'one']);
    expect(sent.some(({ method, path }) => method === 'PUT' && path.includes('/blobs/'))).toBe(false);
  });

  test('takes signatures along only when asked to', async () => {
    const source = await layout();
    const subject = await putImage(source, 'v1');
    const signature = await putReferrer(source, subject, 'sig');
    const [without, withThem] = [await layout(), await layout()];
    await copyImage(source, 'v1', without, { tag: 'v1' });
    await copyImage(source, 'v1', withThem, { tag: 'v1', referrers: true });
    expect(await without.referrers(subject.digest)).toEqual([]);
    expect((await withThem.referrers(subject.digest)).map(({ digest }) => digest)).toEqual([
      signature.digest,
    ]);
  });

  test('leaves out what a forged list of referrers names', async () => {
    const registry = await startMemoryRegistry();
    const source = createRegistryClient(quick).repository(`${registry.host}/one`);
    const subject = await putImage(source, 'v1');
    const stranger = await putImage(source, 'stranger');
    const forged = buildIndex({ manifests: [stranger, subject] });
    await source.putManifest(forged.bytes, mediaTypes.ociIndex, { tag: referrersTag(subject.digest) });
    const target = await layout();
    await copyImage(source, 'v1', target, { tag: 'v1', referrers: true });
    expect((await target.entries()).map(({ digest }) => digest)).toEqual([subject.digest]);
  });

  test('that fails half-way leaves no tag behind', async () => {
    const registry = await startMemoryRegistry();
    const source = createRegistryClient(quick).repository(`${registry.host}/one`);
    const { digest } = await putImage(source, 'v1');
    const { manifest } = await source.getManifest(digest);
    if (manifest.kind !== 'image') throw new Error('not an image');
    registry.blobs.set(manifest.layers[0]!.digest, new Uint8Array(manifest.layers[0]!.size));
    const target = await layout();
    await expect(copyImage(source, 'v1', target, { tag: 'v1' })).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_DIGEST_MISMATCH' }),
    );
    expect(await target.tags()).toEqual([]);
    expect(await target.hasBlob(manifest.layers[0]!.digest)).toBe(false);
  });

  test('of what is not there says so', async () => {
    await expect(copyImage(await layout(), 'v1', await layout())).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_NOT_FOUND' }),
    );
  });
});
