import { describe, expect, test } from 'vitest';
import { digestOf } from '../reference/digest.ts';
import { startMemoryRegistry } from '../testing/memory-registry.ts';
import { impatient, quick } from '../testing/options.ts';
import { json } from '../testing/server.ts';
import { createRegistryClient, openRepository } from './client.ts';

const content = new Uint8Array(10_000).map((_, at) => at % 251);
const blob = { digest: digestOf(content), size: content.length };
const stream = (bytes = content) => ReadableStream.from([bytes.subarray(0, 3333), bytes.subarray(3333)]);

describe('uploads', () => {
  test.each([
    ['bytes', () => content],
    ['a stream', stream],
  ])('%s in one request', async (_, make) => {
    const registry = await startMemoryRegistry();
    await openRepository(`${registry.host}/app`, quick).putBlob(blob, make());
    expect(registry.blobs.get(blob.digest)).toEqual(content);
    expect(registry.seen.map(({ method }) => method)).toEqual(['HEAD', 'POST', 'PUT']);
    expect(registry.seen.at(-1)!.headers).toMatchObject({ 'content-length': '10000' });
    // What the registry put into its Location stays there.
    expect(registry.seen.at(-1)!.path).toContain('state=x');
  });

  test.each([
    ['bytes', () => content],
    ['a stream', stream],
  ])('%s in chunks where a proxy limits bodies', async (_, make) => {
    const registry = await startMemoryRegistry();
    await openRepository(`${registry.host}/app`, { ...quick, chunkBytes: 4096 }).putBlob(blob, make());
    expect(registry.blobs.get(blob.digest)).toEqual(content);
    const ranges = registry.seen
      .filter(({ method }) => method === 'PATCH')
      .map(({ headers }) => headers['content-range']);
    expect(ranges).toEqual(['0-4095', '4096-8191', '8192-9999']);
  });

  test('what is there is not sent again, and the stream is let go', async () => {
    const registry = await startMemoryRegistry();
    registry.blobs.set(blob.digest, content);
    let cancelled = false;
    const unread = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });
    await openRepository(`${registry.host}/app`, quick).putBlob(blob, unread);
    expect(registry.seen.map(({ method }) => method)).toEqual(['HEAD']);
    expect(cancelled).toBe(true);
  });

  test.each([
    ['is longer than announced', new Uint8Array(10_001), 'OCI_SIZE_MISMATCH'],
    ['is shorter than announced', new Uint8Array(9_999), 'OCI_SIZE_MISMATCH'],
    ['is something else', new Uint8Array(10_000), 'OCI_DIGEST_MISMATCH'],
  ])('content that %s fails here, not as an error of the registry', async (_, wrong, code) => {
    const registry = await startMemoryRegistry();
    for (const chunkBytes of [1_000_000, 4096]) {
      const repository = openRepository(`${registry.host}/app`, { ...quick, chunkBytes });
      await expect(repository.putBlob(blob, stream(wrong))).rejects.toThrow(
        expect.objectContaining({ code }),
      );
    }
    expect(registry.blobs.size).toBe(0);
  });

  test('a source that fails makes the upload fail with its error', async () => {
    const registry = await startMemoryRegistry();
    const failing = ReadableStream.from(
      (async function* () {
        yield content.subarray(0, 10);
        throw new Error('disk on fire');
      })(),
    );
    await expect(openRepository(`${registry.host}/app`, quick).putBlob(blob, failing)).rejects.toThrow(
      /disk on fire/,
    );
  });

  test('a registry that refuses says why', async () => {
    const registry = await startMemoryRegistry({
      before: (request, response) => {
        if (request.method !== 'PUT') return false;
        json(response, 413, { errors: [{ code: 'TOO_BIG', message: 'quota' }] });
        return true;
      },
    });
    await expect(openRepository(`${registry.host}/app`, quick).putBlob(blob, content)).rejects.toThrow(
      expect.objectContaining({
        code: 'OCI_PUSH_REJECTED',
        message: expect.stringContaining('TOO_BIG: quota'),
      }),
    );
  });

  test('a connection that breaks is tried again with bytes, which can be sent twice', async () => {
    let left = 1;
    const registry = await startMemoryRegistry({
      before: (request, response) => {
        if (request.method !== 'PUT' || left-- <= 0) return false;
        response.destroy();
        return true;
      },
    });
    await openRepository(`${registry.host}/app`, quick).putBlob(blob, content);
    expect(registry.blobs.get(blob.digest)).toEqual(content);
  });

  test('a registry that stops reading is given up', async () => {
    const registry = await startMemoryRegistry({ before: (request) => request.method === 'PUT' });
    await expect(openRepository(`${registry.host}/app`, impatient).putBlob(blob, content)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_TIMEOUT' }),
    );
  });
});

describe('mounting', () => {
  test('moves no bytes where the registry can, and says so where it cannot', async () => {
    const registry = await startMemoryRegistry();
    const client = createRegistryClient(quick);
    const target = client.repository(`${registry.host}/target`);
    expect(await target.mountBlob(blob.digest, 'source')).toBe(false);
    expect(registry.seen.at(-1)).toMatchObject({ method: 'DELETE' });
    registry.blobs.set(blob.digest, content);
    expect(await target.mountBlob(blob.digest, 'source')).toBe(true);
    expect(registry.seen.at(-1)!.path).toContain('from=source');
  });
});

test('a registry that stores another manifest than was sent is found out', async () => {
  const bytes = new TextEncoder().encode(
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
  );
  const registry = await startMemoryRegistry({
    before: (request, response) => {
      if (request.method !== 'PUT') return false;
      response.writeHead(201, { 'docker-content-digest': blob.digest }).end();
      return true;
    },
  });
  await expect(
    openRepository(`${registry.host}/app`, quick).putManifest(
      bytes,
      'application/vnd.oci.image.index.v1+json',
      { tag: 'v1' },
    ),
  ).rejects.toThrow(expect.objectContaining({ code: 'OCI_DIGEST_MISMATCH' }));
});
