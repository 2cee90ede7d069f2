import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { openRepository } from '../registry/client.ts';
import { startMemoryRegistry } from '../testing/memory-registry.ts';
import { quick } from '../testing/options.ts';
import { buildFileImage, buildFileIndex } from './file-image.ts';
import { pushImage } from './image.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array) => new TextDecoder().decode(content);
const hello = bytes('hello\n');

test('the documents are those of cosign upload blob, byte for byte', async () => {
  const image = await buildFileImage(hello);
  // `cosign upload blob` 3.1.3 and 2.6.5 print this for the same file.
  expect(image.descriptor.digest).toBe(
    'sha256:58e5ad0966f26e37881bf955d9a675d9e74b49e3b94b882a9d7f686447f7eede',
  );
  expect(text(image.manifest)).toMatchInlineSnapshot(
    `"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":233,"digest":"sha256:a554b8f018d2b4d54796c5836dff281c9fed0731b00feeb31a35a65ebb9f7bfb"},"layers":[{"mediaType":"text/plain","size":6,"digest":"sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"}]}"`,
  );
  expect(text(image.config.bytes)).toMatchInlineSnapshot(
    `"{"architecture":"","created":"0001-01-01T00:00:00Z","history":[{"created":"0001-01-01T00:00:00Z"}],"os":"","rootfs":{"type":"layers","diff_ids":["sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"]},"config":{}}"`,
  );
  expect(new Uint8Array(await buffer(image.layers[0]!.open()))).toEqual(hello);
});

test('names of annotations are sorted by their bytes, and what web pages could misread is escaped', async () => {
  const annotations = { '10': 'a', '9': '<b>&\u2028', é: '', '\uff5e': '', '😀': '"' };
  const { manifest } = await buildFileImage(hello, { annotations });
  expect(text(manifest).slice(text(manifest).indexOf('"annotations"'))).toBe(
    '"annotations":{"10":"a","9":"\\u003cb\\u003e\\u0026\\u2028","é":"","\uff5e":"","😀":"\\""}}',
  );
  expect(JSON.parse(text(manifest)).annotations).toEqual(annotations);
});

test('another media type is taken as it is, and another configuration does not know the file', async () => {
  const image = await buildFileImage(bytes('\0asm'), {
    mediaType: 'application/vnd.wasm.content.layer.v1+wasm',
    configMediaType: 'application/vnd.wasm.config.v1+json',
  });
  expect(text(image.config.bytes)).toBe(
    '{"architecture":"","created":"0001-01-01T00:00:00Z","os":"","rootfs":{"type":"layers","diff_ids":null},"config":{}}',
  );
  expect(JSON.parse(text(image.manifest))).toMatchObject({
    config: { mediaType: 'application/vnd.wasm.config.v1+json' },
    layers: [{ mediaType: 'application/vnd.wasm.content.layer.v1+wasm', size: 4 }],
  });
});

test('an index has the platforms, and its images can be fetched once they are pushed', async () => {
  const registry = await startMemoryRegistry();
  const repository = openRepository(`${registry.host}/files`, quick);
  const images = [
    { image: await buildFileImage(hello), platform: { os: 'linux', architecture: 'arm64' } },
    { image: await buildFileImage(bytes('')), platform: { os: 'darwin', architecture: '' } },
  ];
  const index = buildFileIndex(images, { team: 'a' });
  expect(text(index.bytes)).toMatchInlineSnapshot(
    `"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":366,"digest":"sha256:58e5ad0966f26e37881bf955d9a675d9e74b49e3b94b882a9d7f686447f7eede","platform":{"architecture":"arm64","os":"linux"},"artifactType":"application/vnd.oci.image.config.v1+json"},{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":366,"digest":"sha256:35b68647330d0a751a5575e69406c82f24749f0f09180204a03c0ef44811a7a9","platform":{"architecture":"","os":"darwin"},"artifactType":"application/vnd.oci.image.config.v1+json"}],"annotations":{"team":"a"}}"`,
  );
  for (const { image } of images) await pushImage(image, repository);
  await repository.putManifest(index.bytes, index.descriptor.mediaType, { tag: '1' });
  expect((await repository.getManifest('1')).descriptor.digest).toBe(index.descriptor.digest);
  const [layer] = images[0]!.image.layers;
  expect(await repository.getBlob(layer!.descriptor)).toEqual(hello);
});
