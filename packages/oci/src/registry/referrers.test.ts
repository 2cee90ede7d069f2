import { describe, expect, test } from 'vitest';
import { buildImageManifest, buildIndex } from '../manifest/build.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import { parseManifest } from '../manifest/parse.ts';
import { digestOf } from '../reference/digest.ts';
import { startMemoryRegistry } from '../testing/memory-registry.ts';
import { quick } from '../testing/options.ts';
import { json, startScripted } from '../testing/server.ts';
import { openRepository } from './client.ts';
import { referrersTag } from './referrers.ts';

const subject = buildImageManifest({ layers: [] }).descriptor;
const signature = (name: string) =>
  buildImageManifest({ artifactType: 'application/x-sig', layers: [], subject, annotations: { name } });
const tag = referrersTag(subject.digest);

describe('a registry without the referrers API', () => {
  test.each([
    ['says nothing of subjects', false],
    ['claims to keep them, as ECR does', true],
  ])('that %s gets the fallback tag, with type and annotations', async (_, claimsSubject) => {
    const registry = await startMemoryRegistry({ claimsSubject });
    const repository = openRepository(`${registry.host}/app`, quick);
    const built = signature('a');
    await repository.putManifest(built.bytes, built.descriptor.mediaType);
    const index = parseManifest(registry.manifests.get(`app:${tag}`)!.bytes, mediaTypes.ociIndex);
    expect(index).toMatchObject({
      manifests: [
        {
          digest: built.descriptor.digest,
          size: built.bytes.length,
          artifactType: 'application/x-sig',
          annotations: { name: 'a' },
        },
      ],
    });
    // A new client, which knows nothing yet.
    const listed = await openRepository(`${registry.host}/app`, quick).referrers(subject.digest);
    expect(listed.map(({ digest }) => digest)).toEqual([built.descriptor.digest]);
  });

  test('a push done twice is listed once', async () => {
    const registry = await startMemoryRegistry();
    const repository = openRepository(`${registry.host}/app`, quick);
    const built = signature('a');
    for (let i = 0; i < 2; i++) await repository.putManifest(built.bytes, built.descriptor.mediaType);
    expect(await repository.referrers(subject.digest)).toHaveLength(1);
  });

  test('an entry another tool wrote without type or annotations is completed', async () => {
    const registry = await startMemoryRegistry();
    const built = signature('a');
    const { mediaType, digest, size } = built.descriptor;
    registry.manifests.set(`app:${tag}`, {
      type: mediaTypes.ociIndex,
      bytes: buildIndex({ manifests: [{ mediaType, digest, size }] }).bytes,
    });
    const repository = openRepository(`${registry.host}/app`, quick);
    await repository.putManifest(built.bytes, mediaType);
    expect(await repository.referrers(subject.digest, { artifactType: 'application/x-sig' })).toHaveLength(1);
  });

  test('two signers at once both stay, although each write replaces the whole list', async () => {
    const other = signature('other');
    const { mediaType, digest, size } = other.descriptor;
    let interferences = 2;
    const registry = await startMemoryRegistry({
      before: (request) => {
        // Between our check and our write, and again right after it, another signer writes what it read long ago.
        if (request.method === 'PUT' && request.path.endsWith(tag) && interferences-- > 0) {
          setImmediate(() => {
            registry.manifests.set(`app:${tag}`, {
              type: mediaTypes.ociIndex,
              bytes: buildIndex({ manifests: [{ mediaType, digest, size }] }).bytes,
            });
          });
        }
        return false;
      },
    });
    const repository = openRepository(`${registry.host}/app`, quick);
    const built = signature('ours');
    await repository.putManifest(built.bytes, built.descriptor.mediaType);
    const listed = (await repository.referrers(subject.digest)).map((entry) => entry.digest);
    expect(new Set(listed)).toEqual(new Set([digest, built.descriptor.digest]));
  });

  test('what a tool that does not look back wrote just before us is kept', async () => {
    const other = signature('other');
    const { mediaType, digest, size } = other.descriptor;
    let pending = true;
    const registry = await startMemoryRegistry({
      before: (request) => {
        // After we have read the list, before we write it.
        if (request.method === 'HEAD' && request.path.endsWith(tag) && pending) {
          pending = false;
          registry.manifests.set(`app:${tag}`, {
            type: mediaTypes.ociIndex,
            bytes: buildIndex({ manifests: [{ mediaType, digest, size }] }).bytes,
          });
        }
        return false;
      },
    });
    const repository = openRepository(`${registry.host}/app`, quick);
    const built = signature('ours');
    await repository.putManifest(built.bytes, built.descriptor.mediaType);
    const listed = (await repository.referrers(subject.digest)).map((entry) => entry.digest);
    expect(new Set(listed)).toEqual(new Set([digest, built.descriptor.digest]));
  });

  test('ten pushes at once from separate clients are all listed', async () => {
    const registry = await startMemoryRegistry();
    await Promise.all(
      Array.from({ length: 10 }, (_, at) => {
        const built = signature(String(at));
        return openRepository(`${registry.host}/app`, quick).putManifest(
          built.bytes,
          built.descriptor.mediaType,
        );
      }),
    );
    expect(await openRepository(`${registry.host}/app`, quick).referrers(subject.digest)).toHaveLength(10);
  });

  test('deleting a signature takes it off the list', async () => {
    const registry = await startMemoryRegistry();
    const repository = openRepository(`${registry.host}/app`, quick);
    const [first, second] = [signature('1'), signature('2')];
    for (const built of [first, second])
      await repository.putManifest(built.bytes, built.descriptor.mediaType);
    await repository.deleteManifest(first.descriptor.digest);
    expect((await repository.referrers(subject.digest)).map(({ digest }) => digest)).toEqual([
      second.descriptor.digest,
    ]);
  });

  test('an image under the tag of the list is a fault, not "no signatures"', async () => {
    const registry = await startMemoryRegistry();
    registry.manifests.set(`app:${tag}`, { type: mediaTypes.ociManifest, bytes: signature('a').bytes });
    await expect(openRepository(`${registry.host}/app`, quick).referrers(subject.digest)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_MANIFEST_INVALID', kind: 'fault' }),
    );
  });
});

describe('a registry with the referrers API', () => {
  test('is asked, filtered on our side too, and gets no fallback tag', async () => {
    const registry = await startMemoryRegistry({ referrersApi: true });
    const repository = openRepository(`${registry.host}/app`, quick);
    const built = signature('a');
    await repository.putManifest(built.bytes, built.descriptor.mediaType);
    expect(await repository.referrers(subject.digest, { artifactType: 'application/x-sig' })).toHaveLength(1);
    expect(await repository.referrers(subject.digest, { artifactType: 'application/other' })).toEqual([]);
    expect([...registry.manifests.keys()]).not.toContain(`app:${tag}`);
  });

  test.each([
    ['trouble', 500, 'OCI_SERVER_ERROR'],
    ['overload', 503, 'OCI_SERVER_ERROR'],
    ['rate limit', 429, 'OCI_RATE_LIMITED'],
    ['refusal', 403, 'OCI_FORBIDDEN'],
  ])('its %s is never taken for "no signatures"', async (_, status, code) => {
    const { host } = await startScripted((request, response) =>
      json(response, request.path.includes('/referrers/') ? status : 404, {}),
    );
    await expect(openRepository(`${host}/app`, quick).referrers(subject.digest)).rejects.toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('half a list is a fault', async () => {
    const { host } = await startScripted(
      (_, response) =>
        void response.writeHead(200, { 'content-type': mediaTypes.ociIndex }).end('{"schemaVersion":2,'),
    );
    await expect(openRepository(`${host}/app`, quick).referrers(subject.digest)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_MANIFEST_INVALID' }),
    );
  });

  test('a web page in its place means that it is not there', async () => {
    const { host } = await startScripted((request, response) => {
      if (request.path.includes('/referrers/'))
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      else json(response, 404, {});
    });
    expect(await openRepository(`${host}/app`, quick).referrers(subject.digest)).toEqual([]);
  });

  test('ten thousand signatures on many pages are all found', async () => {
    const entries = Array.from({ length: 10_000 }, (_, at) => ({
      mediaType: mediaTypes.ociManifest,
      digest: digestOf(Uint8Array.of(at >> 8, at)),
      size: 1,
      artifactType: 'a/b',
    }));
    const { host } = await startScripted((request, response) => {
      const from = Number(new URL(request.path, 'http://x').searchParams.get('last') ?? 0);
      const next =
        from + 500 < entries.length
          ? { link: `</v2/app/referrers/${subject.digest}?last=${from + 500}>; rel="next"` }
          : {};
      json(
        response,
        200,
        { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries.slice(from, from + 500) },
        { 'content-type': mediaTypes.ociIndex, ...next },
      );
    });
    expect(await openRepository(`${host}/app`, quick).referrers(subject.digest)).toHaveLength(10_000);
  });
});

test('the fallback tag is the one the field uses', () => {
  expect(referrersTag(digestOf(new Uint8Array()))).toBe(
    'sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
  expect(referrersTag(digestOf(new Uint8Array(), 'sha512'))).toHaveLength(7 + 64);
});
