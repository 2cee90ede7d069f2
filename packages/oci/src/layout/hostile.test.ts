import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { packTar } from 'modern-tar';
import { describe, expect, test } from 'vitest';
import { mediaTypes } from '../manifest/media-types.ts';
import { digestOf } from '../reference/digest.ts';
import { putImage, temporaryDirectory } from '../testing/images.ts';
import type { ImageManifest } from '../types.ts';
import { openArchive } from './archive.ts';
import { openLayout } from './directory.ts';
import { saveArchive } from './save.ts';
import { indexTar } from './tar-index.ts';

type Entry = Parameters<typeof packTar>[0][number];
const text = (name: string, body: string): Entry => ({
  header: { name, size: Buffer.byteLength(body) },
  body,
});
const link = (name: string, linkname: string, type: 'symlink' | 'link' = 'symlink'): Entry => ({
  header: { name, size: 0, type, linkname },
});
const code = (expected: string) => expect.objectContaining({ code: expected, kind: 'fault' });

async function archive(...entries: Entry[]): Promise<string> {
  const path = join(temporaryDirectory(), 'a.tar');
  writeFileSync(path, await packTar(entries));
  return path;
}

async function index(bytes: Uint8Array) {
  return await indexTar(async (offset, length) => bytes.subarray(offset, offset + length), bytes.length);
}

const marker = text('oci-layout', '{"imageLayoutVersion":"1.0.0"}');
const layer = 'layer';
const config = JSON.stringify({
  rootfs: { type: 'layers', diff_ids: [digestOf(new TextEncoder().encode(layer))] },
});
const manifestJson = (value: unknown) => text('manifest.json', JSON.stringify(value));
const docker = [{ Config: 'c.json', RepoTags: ['app:v1'], Layers: ['l.tar'] }];

test.each([
  ['text', 'kind: Trust\n', 'text'],
  ['HTML', '<!doctype html>'.padEnd(2000), 'a page of HTML'],
  ['nothing', '', 'nothing'],
])('what was never an archive is called what it is: %s', async (_, content, found) => {
  const path = join(temporaryDirectory(), 'other');
  writeFileSync(path, content);
  await expect(openArchive(path)).rejects.toThrow(
    expect.objectContaining({
      code: 'OCI_ARCHIVE_UNSAFE',
      found,
      remedy: expect.stringContaining('docker save'),
    }),
  );
});

describe('archives no honest tool writes are refused', () => {
  test.each<[string, Entry[]]>([
    ['a path out of it', [marker, text('../evil', 'x')]],
    ['a path out of it in the middle', [marker, text('blobs/../../evil', 'x')]],
    ['an absolute path', [marker, text('/etc/passwd', 'x')]],
    ['a link out of it', [marker, link('index.json', '../../etc/passwd')]],
    ['an absolute link', [marker, link('index.json', '/etc/passwd')]],
    ['a hard link out of it', [marker, link('index.json', '../etc/passwd', 'link')]],
    ['a file twice', [marker, text('index.json', '{}'), text('index.json', '{"a":1}')]],
    ['a file twice under two spellings', [marker, text('index.json', '{}'), text('./index.json', '{}')]],
    ['a file and a link of one name', [marker, text('index.json', '{}'), link('index.json', 'other')]],
    ['a device', [marker, { header: { name: 'dev', size: 0, type: 'character-device' } }]],
    ['a named pipe', [marker, { header: { name: 'fifo', size: 0, type: 'fifo' } }]],
    ['links in a circle', [marker, link('index.json', 'b'), link('b', 'index.json')]],
  ])('%s', async (_, entries) => {
    await expect(archive(...entries).then(openArchive)).rejects.toThrow(code('OCI_ARCHIVE_UNSAFE'));
  });

  test.each([
    ['cut off in a header', (tar: Uint8Array) => tar.subarray(0, 700)],
    ['cut off in a file', (tar: Uint8Array) => tar.subarray(0, 512)],
    ['without its end', (tar: Uint8Array) => tar.subarray(0, 1024)],
    ['with a wrong checksum', (tar: Uint8Array) => tar.with(0, 0x41)],
    ['empty', () => new Uint8Array()],
    ['not a tar', () => new TextEncoder().encode('no'.repeat(600))],
    ['the text of a file', () => new TextEncoder().encode('root:x:0:0:root:/root:/bin/bash\n'.repeat(60))],
    ['a damaged gzip', (tar: Uint8Array) => new Uint8Array(gzipSync(tar)).subarray(0, 60)],
  ])('%s', async (_, damage) => {
    const path = join(temporaryDirectory(), 'a.tar');
    writeFileSync(path, damage(await packTar([marker])));
    await expect(openArchive(path)).rejects.toThrow(code('OCI_ARCHIVE_UNSAFE'));
  });

  test('an extended header of a gigabyte is not read', async () => {
    const tar = await packTar([{ header: { name: 'x', size: 0, pax: { path: 'y' } } }]);
    const view = tar.slice();
    view.set(new TextEncoder().encode('07777777777'), 124);
    view.fill(32, 148, 156);
    const sum = view.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    view.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
    await expect(index(view)).rejects.toThrow(code('OCI_ARCHIVE_UNSAFE'));
  });

  test('any bytes changed are read or refused, never followed out', async () => {
    const tar = await packTar([
      marker,
      text('index.json', '{}'),
      { header: { name: `${'d/'.repeat(80)}f`, size: 3, pax: { comment: 'c' } }, body: 'abc' },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.boolean(),
        async (changes, fix) => {
          const bytes = tar.slice();
          for (const [at, value] of changes) bytes[at] = value;
          // With checksums made right again, so that the change reaches the fields.
          for (let at = 0; fix && at + 512 <= bytes.length; at += 512) {
            if (new TextDecoder().decode(bytes.subarray(at + 257, at + 262)) !== 'ustar') continue;
            const sum = bytes
              .subarray(at, at + 512)
              .reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
            bytes.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), at + 148);
          }
          try {
            for (const [path, file] of (await index(bytes)).files) {
              expect(path.split('/')).not.toContain('..');
              expect(path.startsWith('/')).toBe(false);
              expect(file.offset + file.size).toBeLessThanOrEqual(bytes.length);
            }
          } catch (error) {
            expect(error).toEqual(code('OCI_ARCHIVE_UNSAFE'));
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('archives that lie', () => {
  test.each<[string, Entry[], string]>([
    ['no layout and no manifest.json', [text('x', 'y')], 'OCI_LAYOUT_INVALID'],
    ['another layout version', [text('oci-layout', '{"imageLayoutVersion":"9"}')], 'OCI_LAYOUT_INVALID'],
    ['no index.json', [marker], 'OCI_LAYOUT_INVALID'],
    [
      'index.json an image',
      [marker, text('index.json', JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest }))],
      'OCI_MANIFEST_INVALID',
    ],
    ['manifest.json empty', [manifestJson([])], 'OCI_LAYOUT_INVALID'],
    ['manifest.json not JSON', [text('manifest.json', '[')], 'OCI_LAYOUT_INVALID'],
    ['manifest.json too large', [text('manifest.json', ' '.repeat(5 * 1024 * 1024))], 'OCI_SIZE_EXCEEDED'],
    ['a configuration that is missing', [manifestJson(docker), text('l.tar', layer)], 'OCI_LAYOUT_INVALID'],
    ['a layer that is missing', [manifestJson(docker), text('c.json', config)], 'OCI_LAYOUT_INVALID'],
    [
      'a layer that leads out',
      [manifestJson([{ ...docker[0], Layers: ['../../etc/passwd'] }]), text('c.json', config)],
      'OCI_ARCHIVE_UNSAFE',
    ],
    [
      'a diff ID that is no digest',
      [
        manifestJson(docker),
        text('c.json', JSON.stringify({ rootfs: { type: 'layers', diff_ids: ['md5:1'] } })),
        text('l.tar', layer),
      ],
      'OCI_LAYOUT_INVALID',
    ],
    [
      'more layers than the configuration says',
      [
        manifestJson([{ ...docker[0], Layers: ['l.tar', 'l.tar'] }]),
        text('c.json', config),
        text('l.tar', layer),
      ],
      'OCI_LAYOUT_INVALID',
    ],
  ])('%s', async (_, entries, expected) => {
    await expect(archive(...entries).then(openArchive)).rejects.toThrow(code(expected));
  });

  test('a layer that is not what the configuration says, before its bytes are believed', async () => {
    const path = await archive(manifestJson(docker), text('c.json', config), text('l.tar', 'other'));
    await using opened = await openArchive(path);
    const { manifest } = await opened.getManifest('v1');
    const [descriptor] = (manifest as ImageManifest).layers;
    await expect(opened.getBlob(descriptor!)).rejects.toThrow(code('OCI_DIGEST_MISMATCH'));
    // What is presented compressed is read when it is opened.
    await expect(openArchive(path, { gzipLayers: true })).rejects.toThrow(code('OCI_DIGEST_MISMATCH'));
  });

  test('a blob whose content is not its name', async () => {
    const digest = digestOf(new TextEncoder().encode('real'));
    const path = await archive(
      marker,
      text(
        'index.json',
        JSON.stringify({
          schemaVersion: 2,
          manifests: [{ mediaType: mediaTypes.ociManifest, digest, size: 4 }],
        }),
      ),
      text(`blobs/sha256/${digest.slice(7)}`, 'fake'),
    );
    await using opened = await openArchive(path);
    await expect(opened.getManifest(digest)).rejects.toThrow(code('OCI_DIGEST_MISMATCH'));
    await expect(opened.getBlob({ digest, size: 4 })).rejects.toThrow(code('OCI_DIGEST_MISMATCH'));
  });
});

describe('archives honest tools write are read', () => {
  test('docker save of before 2024, with layers as links', async () => {
    const path = await archive(
      manifestJson([{ ...docker[0], Layers: ['b/layer.tar'] }]),
      text('c.json', config),
      text('a/layer.tar', layer),
      link('b/layer.tar', '../a/layer.tar'),
    );
    await using opened = await openArchive(path);
    expect((await opened.getManifest('v1')).manifest).toMatchObject({ layers: [{ size: layer.length }] });
  });

  test('compressed ones, leaving nothing behind', async () => {
    const directory = temporaryDirectory();
    const layout = await openLayout(join(directory, 'l'), { create: true });
    const { digest } = await putImage(layout, 'v1');
    await saveArchive(layout, 'v1', join(directory, 'a.tar'), { format: 'oci', name: 'v1' });
    writeFileSync(join(directory, 'a.tar.gz'), gzipSync(readFileSync(join(directory, 'a.tar'))));
    await using opened = await openArchive(join(directory, 'a.tar.gz'));
    expect((await opened.resolve('v1')).digest).toBe(digest);
  });
});

describe('layout directories', () => {
  test('what is no layout is not taken for an empty one, nor made one', async () => {
    const directory = temporaryDirectory();
    await expect(openLayout(directory)).rejects.toThrow(code('OCI_LAYOUT_INVALID'));
    expect(readdirSync(directory)).toEqual([]);
    writeFileSync(join(directory, 'oci-layout'), '{}');
    await expect(openLayout(directory, { create: true })).rejects.toThrow(code('OCI_LAYOUT_INVALID'));
  });

  test('a damaged blob is found out', async () => {
    const directory = temporaryDirectory();
    const layout = await openLayout(directory, { create: true });
    const { digest, size } = await putImage(layout, 'v1');
    writeFileSync(join(directory, 'blobs/sha256', digest.slice(7)), 'x'.repeat(size));
    await expect(layout.getManifest('v1')).rejects.toThrow(code('OCI_DIGEST_MISMATCH'));
    writeFileSync(join(directory, 'blobs/sha256', digest.slice(7)), 'short');
    await expect(layout.getManifest('v1')).rejects.toThrow(code('OCI_SIZE_MISMATCH'));
  });

  test.skipIf(process.platform === 'win32')(
    'a named pipe or a directory in place of a file does not make us wait',
    async () => {
      const directory = temporaryDirectory();
      const layout = await openLayout(directory, { create: true });
      const digest = digestOf(new Uint8Array());
      mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
      execFileSync('mkfifo', [join(directory, 'blobs/sha256', digest.slice(7))]);
      await expect(layout.getBlob({ digest, size: 0 })).rejects.toThrow(code('OCI_LAYOUT_INVALID'));
      symlinkSync(directory, join(directory, 'index.json'));
      await expect(layout.tags()).rejects.toThrow(expect.objectContaining({ kind: 'fault' }));
    },
  );

  test('a tag that names two images is refused instead of guessed', async () => {
    const directory = temporaryDirectory();
    const layout = await openLayout(directory, { create: true });
    const entries = [await putImage(layout, 'a'), await putImage(layout, 'b')].map((entry) => ({
      ...entry,
      annotations: { 'org.opencontainers.image.ref.name': 'v1' },
    }));
    writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: entries }));
    await expect(layout.resolve('v1')).rejects.toThrow(code('OCI_LAYOUT_INVALID'));
  });

  test('twenty writers at once lose no tag, and leave no half files', async () => {
    const directory = temporaryDirectory();
    await openLayout(directory, { create: true });
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => putImage(await openLayout(directory), `v${at}`)),
    );
    expect(await (await openLayout(directory)).tags()).toHaveLength(20);
    expect(
      readdirSync(directory, { recursive: true }).filter((name) => String(name).includes('.tmp')),
    ).toEqual([]);
  });

  test('an archive that could not be finished does not appear', async () => {
    const directory = temporaryDirectory();
    const layout = await openLayout(join(directory, 'l'), { create: true });
    const { digest } = await putImage(layout, 'v1');
    const { manifest } = await layout.getManifest(digest);
    if (manifest.kind !== 'image') throw new Error('not an image');
    writeFileSync(join(directory, 'l/blobs/sha256', manifest.layers[0]!.digest.slice(7)), 'damaged');
    const path = join(directory, 'a.tar');
    await expect(saveArchive(layout, 'v1', path, { format: 'oci' })).rejects.toThrow(
      code('OCI_SIZE_MISMATCH'),
    );
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(directory)).toEqual(['l']);
  });
});
