import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { unpackTar } from 'modern-tar';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseManifest } from '../manifest/parse.ts';
import { digestOf } from '../reference/digest.ts';
import { openRepository } from '../registry/client.ts';
import { startMemoryRegistry } from '../testing/memory-registry.ts';
import { quick } from '../testing/options.ts';
import type { LayerEntry } from './entries.ts';
import { buildImage, pushImage } from './image.ts';
import { buildLayer, type Layer, layerFromTar, sourceDateEpoch } from './layer.ts';
import { nodeBase } from './node-base.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const file = (path: string, text = path): LayerEntry => ({ type: 'file', path, content: bytes(text) });
const opened = async (layer: Layer) => new Uint8Array(await buffer(layer.open()));
const options = { sourceDateEpoch: 0 };
const invalid = expect.objectContaining({ code: 'OCI_BUILD_INPUT_INVALID', kind: 'usage' });

describe('the same input is the same image', () => {
  const entries: LayerEntry[] = [
    file('usr/bin/tool'),
    { type: 'symlink', path: 'bin', target: 'usr/bin' },
    { type: 'directory', path: 'tmp', mode: 0o1777 },
    file('etc/hosts', 'x'.repeat(1000)),
  ];

  test('whatever the order of the files, and today as tomorrow', async () => {
    const layer = await buildLayer(entries, options);
    expect((await buildLayer([...entries].reverse(), options)).descriptor).toEqual(layer.descriptor);
    // The bytes themselves: a change of them changes the digest of every image ever built.
    expect(layer.descriptor.digest).toMatchInlineSnapshot(
      `"sha256:e67deb99ec781c121d4baaa4c105a8bce6918ecf662b142f95d20019d73b740b"`,
    );
  });

  test('only the epoch changes times', async () => {
    const layer = await buildLayer(entries, { sourceDateEpoch: 1_700_000_000 });
    for (const { header } of await unpackTar(await opened(layer)))
      expect(header.mtime).toEqual(new Date(1_700_000_000_000));
    expect(sourceDateEpoch({ SOURCE_DATE_EPOCH: '5' })).toBe(5);
    expect(sourceDateEpoch({})).toBe(0);
    for (const bad of ['-1', '1.5', 'now', '9'.repeat(20)])
      expect(() => sourceDateEpoch({ SOURCE_DATE_EPOCH: bad })).toThrow(invalid);
  });

  test.each([
    ['gzip', 'application/vnd.oci.image.layer.v1.tar+gzip', gunzipSync],
    ['zstd', 'application/vnd.oci.image.layer.v1.tar+zstd', zstdDecompressSync],
  ] as const)(
    'compressed with %s too, and the diff ID is that of the plain tar',
    async (compression, mediaType, unpack) => {
      const plain = await buildLayer(entries, options);
      const layer = await buildLayer(entries, { ...options, compression });
      const content = await opened(layer);
      expect(layer.diffId).toBe(plain.diffId);
      expect(layer.descriptor).toEqual({ mediaType, digest: digestOf(content), size: content.length });
      expect(new Uint8Array(unpack(content))).toEqual(await opened(plain));
    },
  );

  test('kept in a file it is the same layer, made once, whatever lies in the file before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'layer-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const kept = join(folder, 'layer');
    writeFileSync(kept, 'x'.repeat(10_000));
    let reads = 0;
    const content = { name: 'counted', size: 4, read: () => [bytes('once'), reads++][0] as Uint8Array };
    const counted: LayerEntry[] = [...entries, { type: 'file', path: 'counted', content }];
    const made = await buildLayer(counted, { ...options, compression: 'gzip' });
    reads = 0;
    const layer = await buildLayer(counted, { ...options, compression: 'gzip', file: kept });
    expect(layer.descriptor).toEqual(made.descriptor);
    expect(digestOf(await opened(layer))).toBe(made.descriptor.digest);
    expect(digestOf(await opened(layer))).toBe(made.descriptor.digest);
    expect(reads).toBe(1);
  });

  test('labels in any order', () => {
    const build = (labels: Record<string, string>) =>
      buildImage({
        layers: [],
        run: { labels },
        platform: { os: 'linux', architecture: 'amd64' },
        ...options,
      }).descriptor.digest;
    expect(build({ a: '1', b: '2' })).toBe(build({ b: '2', a: '1' }));
  });
});

describe('a layer is what another tar reader sees', () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9äé日._ -]{1,60}$/).filter((text) => !['.', '..'].includes(text));
  const paths = fc.uniqueArray(
    fc.array(name, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('/')),
    { minLength: 1, maxLength: 8 },
  );

  test('for any names, also long and non-ASCII ones', async () => {
    await fc.assert(
      fc.asyncProperty(paths, fc.uint8Array({ maxLength: 1500 }), async (names, content) => {
        const leaves = names.filter((path) => !names.some((other) => other.startsWith(`${path}/`)));
        const layer = await buildLayer(
          leaves.map((path) => ({ type: 'file', path, content })),
          options,
        );
        const read = await unpackTar(await opened(layer), { strict: true });
        const files = read.filter(({ header }) => header.type === 'file');
        expect(files.map(({ header }) => header.name).sort()).toEqual([...leaves].sort());
        for (const entry of files) expect(new Uint8Array(entry.data!)).toEqual(content);
      }),
      { numRuns: 60 },
    );
  });

  test('with owners, modes and links', async () => {
    const long = `${'d/'.repeat(60)}target`;
    const layer = await buildLayer(
      [
        { type: 'file', path: '/opt/app', content: bytes('x'), mode: 0o755, uid: 65532, gid: 65532 },
        { type: 'file', path: 'big-owner', content: bytes(''), uid: 3_000_000, gid: 4_000_000 },
        { type: 'symlink', path: 'opt/link', target: long },
      ],
      options,
    );
    const read = new Map((await unpackTar(await opened(layer))).map(({ header }) => [header.name, header]));
    expect(read.get('opt/app')).toMatchObject({ mode: 0o755, uid: 65532, gid: 65532 });
    expect(read.get('big-owner')).toMatchObject({ uid: 3_000_000, gid: 4_000_000 });
    expect(read.get('opt/')).toMatchObject({ type: 'directory', mode: 0o755, uid: 0 });
    expect(read.get('opt/link')).toMatchObject({ type: 'symlink', linkname: long });
  });
});

describe('what unpackers disagree about is refused', () => {
  test.each<[string, LayerEntry[]]>([
    ['a path twice', [file('a'), file('/a')]],
    ['a path that leads out', [file('a/../../b')]],
    ['a path with a dot', [file('./a')]],
    ['an empty path', [file('/')]],
    ['two slashes', [file('a//b')]],
    ['a NUL', [file('a\0b')]],
    ['half a surrogate pair', [file('a\ud800')]],
    ['something below a file', [file('a'), file('a/b')]],
    ['something below a link', [{ type: 'symlink', path: 'lib', target: '/etc' }, file('lib/passwd')]],
    ['a link to nothing', [{ type: 'symlink', path: 'a', target: '' }]],
  ])('%s', async (_, entries) => {
    await expect(buildLayer(entries, options)).rejects.toThrow(invalid);
  });

  test('a file that changes between digest and push makes the push fail', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'oci-build-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'f');
    writeFileSync(path, 'before');
    const layer = await buildLayer([{ type: 'file', path: 'f', content: { file: path } }], options);
    const registry = await startMemoryRegistry();
    const repository = openRepository(`${registry.host}/app`, quick);
    const image = buildImage({
      layers: [layer],
      platform: { os: 'linux', architecture: 'amd64' },
      ...options,
    });
    writeFileSync(path, 'after!');
    await expect(pushImage(image, repository)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_DIGEST_MISMATCH' }),
    );
    writeFileSync(path, 'longer than before');
    await expect(pushImage(image, repository)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_FILE_UNREADABLE' }),
    );
    rmSync(path);
    await expect(pushImage(image, repository)).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_FILE_UNREADABLE' }),
    );
    expect(registry.manifests.size).toBe(0);
  });
});

describe('images', () => {
  test('are pushed whole and say how to run them', async () => {
    const layer = await buildLayer([file('bin/app')], options);
    const image = buildImage({
      layers: [layer],
      run: {
        user: '65532',
        entrypoint: ['/bin/app'],
        env: ['A=b'],
        exposedPorts: ['80/tcp'],
        labels: { l: 'm' },
      },
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      annotations: { env: 'dev' },
      ...options,
    });
    const registry = await startMemoryRegistry();
    const repository = openRepository(`${registry.host}/app`, quick);
    expect(await pushImage(image, repository, { tag: 'v1' })).toEqual(image.descriptor);
    const { manifest } = await repository.getManifest('v1');
    if (manifest.kind !== 'image') throw new Error('not an image');
    expect(manifest).toMatchObject({ annotations: { env: 'dev' }, layers: [layer.descriptor] });
    const config = JSON.parse(new TextDecoder().decode(await repository.getBlob(manifest.config)));
    expect(config).toEqual({
      created: '1970-01-01T00:00:00Z',
      os: 'linux',
      architecture: 'arm64',
      variant: 'v8',
      config: {
        User: '65532',
        ExposedPorts: { '80/tcp': {} },
        Env: ['A=b'],
        Entrypoint: ['/bin/app'],
        Labels: { l: 'm' },
      },
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'pratique' }],
    });
    expect(parseManifest(image.manifest).kind).toBe('image');
  });

  test('a tar somebody else made is taken as it is, compressed or not', async () => {
    const tar = await opened(await buildLayer([file('a')], options));
    const zipped = new Uint8Array(gzipSync(tar));
    const plain = await layerFromTar(tar);
    const compressed = await layerFromTar(zipped);
    expect(plain).toMatchObject({
      diffId: digestOf(tar),
      descriptor: { digest: digestOf(tar), size: tar.length },
    });
    expect(compressed).toMatchObject({
      diffId: digestOf(tar),
      descriptor: { digest: digestOf(zipped), size: zipped.length },
    });
    expect(await opened(compressed)).toEqual(zipped);
    await expect(layerFromTar(zipped.subarray(0, zipped.length - 9))).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_ARCHIVE_UNSAFE' }),
    );
  });

  test.runIf(process.platform === 'linux')(
    'the Node base holds the executable and everything it is linked with',
    () => {
      const { entries, run } = nodeBase();
      const paths = entries.map(({ path }) => path);
      expect(run.entrypoint).toEqual(['/usr/local/bin/node']);
      expect(paths).toContain('/usr/local/bin/node');
      expect(paths.some((path) => /\/(?:ld-|libc\.so)/.test(path))).toBe(true);
      for (const entry of entries) {
        if (entry.type === 'file' && 'file' in entry.content)
          expect(statSync(entry.content.file as string).size).toBeGreaterThan(0);
      }
    },
  );
});
