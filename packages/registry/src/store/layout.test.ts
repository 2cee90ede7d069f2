import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blobOf } from '../testing/client.ts';
import { formatLayoutIndex, parseLayoutIndex, type StoredManifest } from './layout.ts';

test('what is written is what is read, tags that look like object members included', () => {
  const tag = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/),
    fc.constantFrom('__proto__', 'constructor'),
  );
  fc.assert(
    fc.property(fc.dictionary(tag, fc.nat({ max: 5 })), fc.nat({ max: 7 }), (tagged, count) => {
      const stored = Array.from({ length: count }, (_, index): StoredManifest => {
        const { digest, bytes } = blobOf(`manifest ${index}`);
        return { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: bytes.length };
      });
      const manifests = new Map(stored.map((manifest) => [manifest.digest, manifest]));
      const tags = new Map(
        Object.entries(tagged).flatMap(([name, index]) =>
          stored[index] === undefined ? [] : [[name, stored[index].digest] as const],
        ),
      );
      const read = parseLayoutIndex(new TextDecoder().decode(formatLayoutIndex({ manifests, tags })));
      expect(read.tags).toEqual(tags);
      expect(new Set(read.manifests.values())).toEqual(new Set(manifests.values()));
    }),
  );
});

test('any JSON at all is read as an index or refused, and never names a file outside the layout', () => {
  const entry = fc.record(
    {
      mediaType: fc.anything(),
      digest: fc.oneof(fc.constantFrom('sha256:../../etc/passwd', blobOf('x').digest), fc.anything()),
      size: fc.anything(),
      annotations: fc.anything(),
    },
    { requiredKeys: [] },
  );
  const document = fc.oneof(fc.jsonValue(), fc.record({ manifests: fc.array(entry) }));
  fc.assert(
    fc.property(document, (value) => {
      let index: ReturnType<typeof parseLayoutIndex>;
      try {
        index = parseLayoutIndex(JSON.stringify(value) ?? 'null');
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        return;
      }
      for (const digest of index.manifests.keys()) expect(digest).toMatch(/^sha(256|512):[0-9a-f]+$/);
    }),
  );
});
