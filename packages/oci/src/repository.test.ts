import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isNotFound } from './errors.ts';
import { openArchive } from './layout/archive.ts';
import { openLayout } from './layout/directory.ts';
import { saveArchive } from './layout/save.ts';
import { buildImageManifest, emptyDescriptor, emptyJson } from './manifest/build.ts';
import { mediaTypes } from './manifest/media-types.ts';
import { digestOf } from './reference/digest.ts';
import { openRepository } from './registry/client.ts';
import { putImage, putIndex, putReferrer, temporaryDirectory } from './testing/images.ts';
import { startMemoryRegistry } from './testing/memory-registry.ts';
import { quick } from './testing/options.ts';
import type { Repository } from './types.ts';

// One suite over everything that is a Repository: who works on the interface must not notice what is behind it.
const writable: [string, () => Promise<Repository>][] = [
  [
    'a registry',
    async () => openRepository(`${(await startMemoryRegistry({ referrersApi: true })).host}/app`, quick),
  ],
  [
    'a registry without referrers',
    async () => openRepository(`${(await startMemoryRegistry()).host}/app`, quick),
  ],
  ['an image layout', () => openLayout(join(temporaryDirectory(), 'layout'), { create: true })],
];
const content = new TextEncoder().encode('content');
const blob = { digest: digestOf(content), size: content.length };
const nothing = digestOf(new Uint8Array());
const manifest = buildImageManifest({ layers: [] });
const notFound = expect.objectContaining({ code: 'OCI_NOT_FOUND' });

describe.each(writable)('%s', (_, open) => {
  test('gives back what was put in', async () => {
    const repository = await open();
    await repository.putBlob(blob, content);
    await repository.putBlob(blob, ReadableStream.from([content]));
    expect(await repository.getBlob(blob)).toEqual(content);
    expect(await repository.hasBlob(blob.digest)).toBe(true);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await repository.openBlob(blob)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('content');

    await repository.putBlob(emptyDescriptor, emptyJson);
    const put = await repository.putManifest(manifest.bytes, mediaTypes.ociManifest, { tag: 'v1' });
    expect(put).toEqual(manifest.descriptor);
    for (const name of ['v1', manifest.descriptor.digest]) {
      expect(await repository.resolve(name)).toEqual(manifest.descriptor);
      expect(await repository.getManifest(name)).toMatchObject({
        descriptor: manifest.descriptor,
        manifest: { kind: 'image' },
      });
    }
    expect(await repository.tags()).toEqual(['v1']);
  });

  test('says "not found" for what is not there, and nothing else does', async () => {
    const repository = await open();
    await putImage(repository, 'there');
    const attempts: (() => Promise<unknown>)[] = [
      () => repository.resolve('missing'),
      () => repository.resolve(nothing),
      () => repository.getManifest('missing'),
      () => repository.getManifest(nothing),
      () => repository.getBlob({ digest: nothing, size: 0 }),
      () => repository.openBlob({ digest: nothing, size: 0 }),
    ];
    for (const attempt of attempts) {
      expect(isNotFound(await attempt().catch((error: unknown) => error))).toBe(true);
    }
    expect(await repository.hasBlob(nothing)).toBe(false);
    expect(await repository.referrers(nothing)).toEqual([]);
  });

  test('does not take or give content under a wrong name or size', async () => {
    const repository = await open();
    await expect(repository.putBlob({ digest: nothing, size: content.length }, content)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_DIGEST_MISMATCH' }),
    );
    await expect(repository.putBlob({ ...blob, size: 30 }, content)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_SIZE_MISMATCH' }),
    );
    expect(await repository.hasBlob(nothing)).toBe(false);
    expect(await repository.hasBlob(blob.digest)).toBe(false);
    await repository.putBlob(blob, content);
    for (const size of [3, 30]) {
      await expect(repository.getBlob({ ...blob, size })).rejects.toThrow(
        expect.objectContaining({ code: 'OCI_SIZE_MISMATCH' }),
      );
    }
    await expect(repository.getBlob(blob, { maxBytes: 3 })).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_SIZE_EXCEEDED' }),
    );
    await expect(repository.putManifest(content, mediaTypes.ociManifest)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_MANIFEST_INVALID' }),
    );
    await expect(repository.putManifest(manifest.bytes, mediaTypes.ociIndex)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_MANIFEST_INVALID' }),
    );
  });

  test('a tag moves, and goes away alone', async () => {
    const repository = await open();
    const first = await putImage(repository, 'v1', 'first');
    const second = await putImage(repository, 'v1', 'second');
    expect((await repository.resolve('v1')).digest).toBe(second.digest);
    expect((await repository.getManifest(first.digest)).descriptor.digest).toBe(first.digest);
    await repository.deleteManifest('v1');
    await expect(repository.resolve('v1')).rejects.toThrow(notFound);
    expect(await repository.tags()).toEqual([]);
    expect((await repository.resolve(second.digest)).digest).toBe(second.digest);
  });

  test('lists what refers to an image, by type, until it is deleted', async () => {
    const repository = await open();
    const subject = await putImage(repository, 'v1');
    const [one, two] = [
      await putReferrer(repository, subject, 'one'),
      await putReferrer(repository, subject, 'two'),
    ];
    const listed = await repository.referrers(subject.digest, { artifactType: 'application/x-sig' });
    expect(new Set(listed.map(({ digest }) => digest))).toEqual(new Set([one.digest, two.digest]));
    expect(listed.map(({ annotations }) => annotations?.text).sort()).toEqual(['one', 'two']);
    expect(await repository.referrers(subject.digest, { artifactType: 'application/other' })).toEqual([]);
    await repository.deleteManifest(one.digest);
    expect((await repository.referrers(subject.digest)).map(({ digest }) => digest)).toEqual([two.digest]);
  });

  test('stops when told to', async () => {
    const repository = await open();
    await putImage(repository, 'v1');
    const stopped = { signal: AbortSignal.abort() };
    await expect(repository.getBlob(emptyDescriptor, stopped)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_CANCELLED' }),
    );
  });

  test('refuses names that are neither tag nor digest', async () => {
    const repository = await open();
    for (const name of ['', '../x', 'a/b', 'sha256:x', 'a b']) {
      await expect(repository.getManifest(name)).rejects.toThrow(
        expect.objectContaining({ code: 'OCI_REFERENCE_INVALID' }),
      );
    }
  });
});

describe('an archive', () => {
  test('in OCI form holds an index with all images and what refers to it', async () => {
    const directory = temporaryDirectory();
    const layout = await openLayout(join(directory, 'layout'), { create: true });
    const index = await putIndex(layout, 'v1');
    const referrer = await putReferrer(layout, index, 'sig');
    const path = join(directory, 'image.tar');
    await saveArchive(layout, 'v1', path, { format: 'oci', name: 'v1', referrers: true });
    await using archive = await openArchive(path);
    const { manifest: read, descriptor } = await archive.getManifest('v1');
    expect(descriptor.digest).toBe(index.digest);
    if (read.kind !== 'index') throw new Error('not an index');
    for (const child of read.manifests) {
      const image = (await archive.getManifest(child.digest)).manifest;
      if (image.kind === 'image') for (const layer of image.layers) await archive.getBlob(layer);
    }
    expect(await archive.referrers(index.digest)).toMatchObject([
      { digest: referrer.digest, artifactType: 'application/x-sig' },
    ]);
    // Who looks for the image in an archive with its signatures must be able to tell them apart.
    expect((await archive.entries()).filter(({ artifactType }) => artifactType === undefined)).toMatchObject([
      { digest: index.digest },
    ]);
    await expect(archive.resolve('v2')).rejects.toThrow(notFound);
    await expect(archive.putBlob(blob, content)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_OPERATION_UNSUPPORTED' }),
    );
  });

  test('in docker form keeps configuration and layers', async () => {
    const directory = temporaryDirectory();
    const layout = await openLayout(join(directory, 'layout'), { create: true });
    await putImage(layout, 'v1');
    const path = join(directory, 'image.tar');
    await saveArchive(layout, 'v1', path, { format: 'docker', name: 'team/app:v1' });
    await using archive = await openArchive(path);
    const [before, after] = [await layout.getManifest('v1'), await archive.getManifest('v1')];
    expect(after.manifest).toMatchObject({
      config: { digest: (before.manifest as { config: { digest: string } }).config.digest },
    });
    expect(await archive.tags()).toEqual(['v1']);
    await putIndex(layout, 'many');
    await expect(saveArchive(layout, 'many', path, { format: 'docker' })).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_OPERATION_UNSUPPORTED' }),
    );
  });
});
