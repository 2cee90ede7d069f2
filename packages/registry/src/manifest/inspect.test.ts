import { mediaTypes } from '@pratique/oci';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blobOf, imageManifest } from '../testing/client.ts';
import { inspectManifest, ManifestInvalid } from './inspect.ts';

const types = [mediaTypes.ociManifest, mediaTypes.ociIndex, 'application/vnd.oci.artifact.manifest.v1+json'];

test('whatever bytes are pushed, they are inspected or refused, and nothing else is thrown', () => {
  const field = fc.constantFrom(
    'config',
    'layers',
    'manifests',
    'subject',
    'annotations',
    'mediaType',
    '__proto__',
  );
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc
      .dictionary(field, fc.jsonValue())
      .map((fields) => new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, layers: [], ...fields }))),
  );
  fc.assert(
    fc.property(bytes, fc.constantFrom(...types), (content, mediaType) => {
      try {
        inspectManifest(content, mediaType);
      } catch (error) {
        expect(error).toBeInstanceOf(ManifestInvalid);
      }
    }),
    { numRuns: 500 },
  );
});

test('an image needs its config and layers, each once', () => {
  const [config, layer] = [blobOf('{"a":1}'), blobOf('layer')];
  const { bytes } = imageManifest({ config, layers: [layer, layer] });
  const inspected = inspectManifest(bytes, mediaTypes.ociManifest);
  expect(inspected.required).toEqual([config.digest, layer.digest]);
  expect(inspected.artifactType).toBe(mediaTypes.ociEmpty);
});

test('garbage collection keeps whatever an unknown kind of manifest names, however deep', () => {
  const [a, b] = [blobOf('a'), blobOf('b')];
  const document = {
    blobs: [{ digest: a.digest }],
    more: { deep: [b.digest, 'sha256:short'] },
    subject: { digest: a.digest },
  };
  const inspected = inspectManifest(blobOf(JSON.stringify(document)).bytes, 'application/vnd.example+json');
  expect(new Set(inspected.references)).toEqual(new Set([a.digest, b.digest]));
  expect(inspected.required).toEqual([]);
  expect(inspected.subject).toBe(a.digest);
});
