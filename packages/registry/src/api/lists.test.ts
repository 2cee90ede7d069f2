import { mediaTypes } from '@pratique/oci';
import { expect, test } from 'vitest';
import type { Registry } from '../options.ts';
import {
  blobOf,
  codesOf,
  imageManifest,
  pushBlob,
  pushImage,
  putManifest,
  testRegistry,
} from '../testing/client.ts';

interface ReferrersPage {
  readonly mediaType: string;
  readonly manifests: readonly {
    digest: string;
    artifactType?: string;
    annotations?: Record<string, string>;
  }[];
}

async function json<T>(
  registry: Registry,
  path: string,
): Promise<{ readonly body: T; readonly headers: Headers }> {
  const response = await fetch(new URL(path, registry.url));
  expect(response.status).toBe(200);
  return { body: (await response.json()) as T, headers: response.headers };
}

const nextOf = (headers: Headers) => /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];

test('following the links lists every tag once, in order', async () => {
  const registry = await testRegistry();
  for (const tag of ['b', 'a', 'C', 'd', '_e']) await pushImage(registry, 'team/app', tag);
  const seen: string[] = [];
  let path: string | undefined = '/v2/team/app/tags/list?n=2';
  while (path !== undefined) {
    const { body, headers }: { body: { name: string; tags: string[] }; headers: Headers } = await json(
      registry,
      path,
    );
    expect(body.name).toBe('team/app');
    expect(body.tags.length).toBeLessThanOrEqual(2);
    seen.push(...body.tags);
    path = nextOf(headers);
  }
  expect(seen).toEqual(['C', '_e', 'a', 'b', 'd']);
});

test('a page begins after a tag that no longer exists; n=0 is empty; n must be a number', async () => {
  const registry = await testRegistry();
  for (const tag of ['a', 'c']) await pushImage(registry, 'x', tag);
  expect((await json<{ tags: string[] }>(registry, '/v2/x/tags/list?last=b')).body.tags).toEqual(['c']);
  const none = await json<{ tags: string[] }>(registry, '/v2/x/tags/list?n=0');
  expect([none.body.tags, none.headers.get('link')]).toEqual([[], null]);
  expect((await fetch(`${registry.url}/v2/x/tags/list?n=-1`)).status).toBe(400);
});

test('tags of a repository nobody pushed to are NAME_UNKNOWN, and its referrers an empty index', async () => {
  const registry = await testRegistry();
  const tags = await fetch(`${registry.url}/v2/nobody/tags/list`);
  expect(tags.status).toBe(404);
  expect(await codesOf(tags)).toEqual(['NAME_UNKNOWN']);
  const { body, headers } = await json<ReferrersPage>(registry, `/v2/nobody/referrers/${blobOf('x').digest}`);
  expect(headers.get('content-type')).toBe(mediaTypes.ociIndex);
  expect([body.mediaType, body.manifests]).toEqual([mediaTypes.ociIndex, []]);
});

test('the catalogue lists repositories in pages, whatever their names look like on disk', async () => {
  const registry = await testRegistry();
  // Names that would fall into another repository's layout if directories were nested.
  const names = ['a', 'a/blobs', 'a/blobs/sha256', 'a/index.json', 'b'];
  for (const name of names) await pushImage(registry, name, 'v1');
  const { body, headers } = await json<{ repositories: string[] }>(registry, '/v2/_catalog?n=3');
  expect(body.repositories).toEqual(names.slice(0, 3));
  const rest = await json<{ repositories: string[] }>(registry, nextOf(headers)!);
  expect(rest.body.repositories).toEqual(names.slice(3));
  for (const name of names) expect((await fetch(`${registry.url}/v2/${name}/manifests/v1`)).status).toBe(200);
});

test('a signature is listed under its subject, even one pushed before the subject, until it is deleted', async () => {
  const registry = await testRegistry();
  const subject = imageManifest({ annotations: { the: 'image' } });
  const signature = imageManifest({
    subject,
    artifactType: 'application/vnd.example.sig',
    annotations: { a: 'b' },
  });
  await pushBlob(registry, 'x', blobOf('{}'));
  const put = await putManifest(registry, 'x', signature.digest, signature);
  expect(put.headers.get('oci-subject')).toBe(subject.digest);
  const path = `/v2/x/referrers/${subject.digest}`;
  const { body } = await json<ReferrersPage>(registry, path);
  expect(body.manifests).toEqual([
    {
      mediaType: mediaTypes.ociManifest,
      digest: signature.digest,
      size: signature.bytes.length,
      artifactType: 'application/vnd.example.sig',
      annotations: { a: 'b' },
    },
  ]);
  await fetch(`${registry.url}/v2/x/manifests/${signature.digest}`, { method: 'DELETE' });
  expect((await json<ReferrersPage>(registry, path)).body.manifests).toEqual([]);
});

test('the artifact type filter is applied and said to be; an image reports its config type', async () => {
  const registry = await testRegistry();
  const subject = await pushImage(registry, 'x', 'v1');
  await pushImage(registry, 'x', '', { subject, artifactType: 'application/vnd.a' });
  await pushImage(registry, 'x', '', { subject, artifactType: 'application/vnd.b' });
  await pushImage(registry, 'x', '', { subject });
  const types = async (query: string) => {
    const { body, headers } = await json<ReferrersPage>(
      registry,
      `/v2/x/referrers/${subject.digest}${query}`,
    );
    return [headers.get('oci-filters-applied'), ...body.manifests.map((entry) => entry.artifactType).sort()];
  };
  expect(await types('')).toEqual([null, 'application/vnd.a', 'application/vnd.b', mediaTypes.ociEmpty]);
  expect(await types('?artifactType=application/vnd.b')).toEqual(['artifactType', 'application/vnd.b']);
  expect(await types('?artifactType=application/vnd.c')).toEqual(['artifactType']);
});

test('more referrers than one answer may hold come in pages that lose none', async () => {
  const registry = await testRegistry();
  const subject = await pushImage(registry, 'x', 'v1');
  const expected = new Set<string>();
  // Three annotations of 1.5 MB: two answers of at most 4 MiB.
  for (const n of ['1', '2', '3']) {
    const annotations = { n, filler: 'f'.repeat(1_500_000) };
    const { digest } = await pushImage(registry, 'x', '', {
      subject,
      artifactType: 'application/vnd.a',
      annotations,
    });
    expected.add(digest);
  }
  const seen: string[] = [];
  let pages = 0;
  let path: string | undefined = `/v2/x/referrers/${subject.digest}?artifactType=application/vnd.a`;
  while (path !== undefined) {
    const { body, headers }: { body: ReferrersPage; headers: Headers } = await json(registry, path);
    expect(headers.get('oci-filters-applied')).toBe('artifactType');
    seen.push(...body.manifests.map((entry) => entry.digest));
    pages += 1;
    path = nextOf(headers);
  }
  expect(pages).toBe(2);
  expect(seen.length).toBe(3);
  expect(new Set(seen)).toEqual(expected);
});

test('what was pushed or deleted after a list was asked for is in the next one, or no longer', async () => {
  const registry = await testRegistry();
  const subject = await pushImage(registry, 'a', 'v1');
  const repositories = async () =>
    (await json<{ repositories: string[] }>(registry, '/v2/_catalog')).body.repositories;
  const referrers = async () =>
    (await json<ReferrersPage>(registry, `/v2/a/referrers/${subject.digest}`)).body.manifests.map(
      ({ digest }) => digest,
    );
  expect([await repositories(), await referrers()]).toEqual([['a'], []]);
  await pushImage(registry, 'b/c', 'v1');
  const pushed: string[] = [];
  for (const tag of ['one', 'two', 'three']) {
    pushed.push((await pushImage(registry, 'a', tag, { subject, annotations: { tag } })).digest);
    expect([await repositories(), await referrers()]).toEqual([['a', 'b/c'], [...pushed].sort()]);
  }
  const gone = await fetch(`${registry.url}/v2/a/manifests/${pushed[0]}`, { method: 'DELETE' });
  expect(gone.status).toBe(202);
  expect(await referrers()).toEqual(pushed.slice(1).sort());
});
