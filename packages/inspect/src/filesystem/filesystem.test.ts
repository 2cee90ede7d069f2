import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { PratiqueError } from '@pratique/errors';
import { digestOf } from '@pratique/oci';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readRootArchive, readRootDirectory } from '../image/read-root.ts';
import { directory, file, hardlink, symlink, type TestEntry, tar } from '../testing/tar.ts';
import { readCachedLayer } from './cache.ts';
import { readLayer } from './layer.ts';
import { mergeLayers } from './tree.ts';
import { defaultLimits, type FileSystem, type KeepRule, type LayerContents } from './types.ts';
import { writeRoot } from './write-root.ts';

const everything: KeepRule = { id: 'everything', keep: () => 'whole' };
const options = { keep: everything, digests: false, limits: defaultLimits };
const inPieces = (bytes: Uint8Array, size: number) =>
  ReadableStream.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    ),
  );
const layerOf = (entries: readonly TestEntry[]) => readLayer(inPieces(tar(entries), 1000), options);

async function merged(...layers: (readonly TestEntry[])[]): Promise<FileSystem> {
  const fileSystem = mergeLayers(await Promise.all(layers.map(layerOf)));
  onTestFinished(() => fileSystem.close());
  return fileSystem;
}

function text(fileSystem: FileSystem, path: string): string | undefined {
  const content = fileSystem.resolve(path)?.content;
  return content && Buffer.from(content.read(0, content.size)).toString();
}

const paths = (fileSystem: FileSystem) => [...fileSystem.nodes()].map(({ path }) => path);
const code = (expected: string) => expect.objectContaining({ code: expected, kind: 'fault' });
const unsafe = code('INSPECT_LAYER_UNSAFE');

describe('layers are put on each other as a runtime does', () => {
  test('a whiteout hides what lower layers have, and nothing of its own layer, wherever it stands', async () => {
    const fs = await merged(
      [directory('etc'), file('etc/a'), file('etc/b')],
      [file('etc/a', 'new'), file('etc/.wh.a', ''), file('etc/.wh.b', '')],
    );
    expect(paths(fs)).toEqual(['etc', 'etc/a']);
    expect(text(fs, 'etc/a')).toBe('new');
  });

  test('a whiteout of a directory hides all that is in it', async () => {
    const fs = await merged([file('a/b/c'), file('a/d')], [file('.wh.a', '')]);
    expect(paths(fs)).toEqual([]);
  });

  test('an opaque whiteout empties a directory of lower layers only, wherever it stands', async () => {
    const fs = await merged([file('a/low'), file('a/sub/low')], [file('a/high'), file('a/.wh..wh..opq', '')]);
    expect(paths(fs)).toEqual(['a', 'a/high']);
  });

  test('a directory over a directory keeps what is in it; over a file, and the other way round, it does not', async () => {
    const fs = await merged(
      [file('a/x'), file('b'), file('c/y')],
      [{ ...directory('a'), mode: 0o700 }, directory('b'), file('c')],
    );
    expect(paths(fs)).toEqual(['a', 'a/x', 'b', 'c']);
    expect(fs.get('a')).toMatchObject({ mode: 0o700, layer: 1 });
    expect(fs.get('a/x')).toMatchObject({ layer: 0 });
  });

  test('the later of two entries of one name counts', async () => {
    expect(text(await merged([file('a', 'one'), file('a', 'two')]), 'a')).toBe('two');
  });

  test('a file below a link lands where the link leads, so that nothing can hide there', async () => {
    const fs = await merged([directory('usr/bin'), symlink('bin', 'usr/bin')], [file('bin/sh')]);
    expect(paths(fs)).toEqual(['bin', 'usr', 'usr/bin', 'usr/bin/sh']);
    expect(fs.resolve('/bin/sh')?.path).toBe('usr/bin/sh');
    expect(fs.get('/bin/sh')).toBeUndefined();
  });

  test('links that lead out of the image stay inside it', async () => {
    const fs = await merged([symlink('out', '../../../etc'), directory('etc')], [file('out/passwd', 'x')]);
    expect(paths(fs)).toEqual(['etc', 'etc/passwd', 'out']);
    expect(fs.resolve('out/../../..')?.path).toBe('');
  });

  test('hard links are one file, also over layers, and keep it when the first name is replaced', async () => {
    const fs = await merged(
      [file('a', 'first'), hardlink('b', 'a')],
      [hardlink('c', '/b'), file('a', 'second'), file('.wh.b', '')].toReversed().slice(1),
    );
    expect(text(fs, 'b')).toBe('first');
    expect(text(fs, 'c')).toBe('first');
    expect(text(fs, 'a')).toBe('second');
    expect(fs.get('b')!.inode).toBe(fs.get('c')!.inode);
    expect(fs.get('a')!.inode).not.toBe(fs.get('c')!.inode);
  });

  test('links in a circle lead nowhere', async () => {
    const fs = await merged([symlink('a', 'b'), symlink('b', 'a'), symlink('c', 'c/c')]);
    for (const path of ['a', 'b', 'c', 'a/x']) expect(fs.resolve(path)).toBeUndefined();
  });

  test('metadata comes from pax records where there are some, long names from GNU too', async () => {
    const long = `${'d/'.repeat(80)}file`;
    const fs = await merged([
      {
        ...file('x'),
        pax: { path: long, mtime: '12.5', uid: '3000000', 'SCHILY.xattr.security.capability': 'cap' },
      },
      { path: '././@LongLink', type: 'L', content: `gnu/${long}\0` },
      file('cut'),
      { path: 'null', type: '3', mode: 0o4777 },
    ]);
    expect(fs.get(long)).toMatchObject({ mtime: 12.5, uid: 3_000_000 });
    expect(Buffer.from(fs.get(long)!.xattrs!.get('security.capability')!).toString()).toBe('cap');
    expect(fs.get(`gnu/${long}`)?.type).toBe('file');
    expect(fs.get('null')).toMatchObject({
      type: 'character-device',
      mode: 0o4777,
      device: { major: 0, minor: 0 },
    });
  });

  test('bytes that are not UTF-8 stay distinct names', async () => {
    const raw = (byte: number) => ({ ...file('x'), pax: { path: Uint8Array.of(0x61, byte) } });
    expect(paths(await merged([raw(0xe4), raw(0xe5)]))).toEqual(['a\udce4', 'a\udce5']);
  });
});

describe('layers nobody honest makes are refused', () => {
  test.each<[string, TestEntry[]]>([
    ['a path that leads out', [file('../evil')]],
    ['a path that leads out in the middle', [file('a/../../evil')]],
    ['a hard link out', [hardlink('a', '../../etc/passwd')]],
    ['a hard link to nothing', [hardlink('a', 'b')]],
    ['a hard link to a directory', [directory('b'), hardlink('a', 'b')]],
    ['a file below a file', [file('a'), file('a/b')]],
    ['a file behind links in a circle', [symlink('a', 'b'), symlink('b', 'a'), file('a/x')]],
    ['directories without end', [{ ...file('x'), pax: { path: 'd/'.repeat(300) } }]],
    ['a path without end', [{ ...file('x'), pax: { path: 'd'.repeat(5000) } }]],
    ['a whiteout of nothing', [file('a/.wh.')]],
    ['a whiteout of the directory above', [file('a/.wh...')]],
    ['a file as the root', [file('/')]],
    ['an unknown type', [{ path: 'a', type: 'Z' }]],
  ])('%s', async (_, entries) => {
    await expect(merged(entries)).rejects.toThrow(unsafe);
  });

  test.each<[string, Uint8Array]>([
    ['cut off in a file', tar([file('a', 'x'.repeat(600))]).subarray(0, 700)],
    ['cut off in a header', tar([file('a')]).subarray(0, 100)],
    ['an extension and nothing after it', tar([{ path: 'p', type: 'L', content: 'a\0' }], { end: false })],
    ['an extension that wants memory', tar([{ path: 'p', type: 'x', size: 2 ** 30 }])],
    ['a path with a zero byte', tar([{ ...file('a'), pax: { path: 'a\0b' } }])],
    ['a number that is none', tar([{ ...file('a'), pax: { size: '-1' } }])],
    ['a sparse file', tar([{ ...file('a'), pax: { 'GNU.sparse.major': '1' } }])],
    ['no tar', Buffer.alloc(2048, 'a')],
  ])('%s', async (_, bytes) => {
    await expect(readRootArchive(inPieces(bytes, 333), {})).rejects.toThrow(code('OCI_ARCHIVE_UNSAFE'));
  });

  test('compressed bytes that are damaged or cut off', async () => {
    for (const compressed of [gzipSync(tar([file('a')])), zstdCompressSync(tar([file('a')]))]) {
      await expect(readRootArchive(inPieces(compressed.subarray(0, -9), 50))).rejects.toThrow(unsafe);
      compressed.fill(7, 20, 30);
      const damaged = readRootArchive(inPieces(compressed, 50));
      await expect(damaged).rejects.toThrow(expect.objectContaining({ kind: 'fault' }));
    }
  });

  test('a bomb is refused when it has shown itself, with little memory used', async () => {
    const zeros = new Uint8Array(1024 * 1024);
    const bomb = Buffer.concat(Array.from({ length: 300 }, () => gzipSync(zeros)));
    const limits = { layerBytes: 64 * 1024 ** 2 };
    const header = gzipSync(tar([{ path: 'a', size: 2 ** 33 - 1 }], { end: false }));
    const bytes = Buffer.concat([header, bomb]);
    await expect(readRootArchive(inPieces(bytes, 65536))).rejects.toThrow(unsafe);
    await expect(readRootArchive(inPieces(bytes, 65536), { limits })).rejects.toThrow(code('INSPECT_LIMIT'));
  });

  test('more files, or more to keep, than the limit', async () => {
    const bytes = tar([file('a'), file('b'), file('c')]);
    await expect(readRootArchive(inPieces(bytes, 512), { limits: { entries: 2 } })).rejects.toThrow(
      code('INSPECT_LIMIT'),
    );
    await expect(
      readRootArchive(inPieces(bytes, 512), { keep: everything, limits: { keptBytes: 2 } }),
    ).rejects.toThrow(code('INSPECT_LIMIT'));
  });
});

describe('contents', () => {
  const contents = { one: 'x'.repeat(10_000), two: '', three: 'y' };
  const bytes = tar(Object.entries(contents).map(([path, content]) => file(path, content)));

  test.each([1, 63, 512, 1_000_000])('are whole when the layer comes in pieces of %i bytes', async (size) => {
    const fs = await readRootArchive(inPieces(bytes, size), { keep: everything, digests: true });
    onTestFinished(() => fs.close());
    for (const [path, content] of Object.entries(contents)) {
      expect(text(fs, path)).toBe(content);
      expect(fs.get(path)?.digest).toBe(digestOf(Buffer.from(content)));
    }
    expect(fs.layers[0]).toMatchObject({
      digest: digestOf(bytes),
      diffId: digestOf(bytes),
      size: bytes.length,
    });
  });

  test('can be reduced while they are there: only the outcome takes space', async () => {
    const keep: KeepRule = {
      id: 'lengths',
      keep: ({ size }, head) =>
        head.length === Math.min(size, 64)
          ? {
              name: 'length',
              reduce: (content) => (content.size === 1 ? undefined : Buffer.from(`${content.size}`)),
            }
          : undefined,
    };
    const fs = await readRootArchive(inPieces(bytes, 700), { keep, limits: { keptBytes: 10_010 } });
    onTestFinished(() => fs.close());
    expect([text(fs, 'one'), text(fs, 'two'), text(fs, 'three')]).toEqual(['10000', '0', undefined]);
  });

  test('leave nothing in the temporary directory', async () => {
    const spools = () => readdirSync(tmpdir()).filter((name) => name.endsWith('.spool'));
    const fs = await readRootArchive(inPieces(bytes, 700), { keep: everything });
    expect(spools()).toEqual([]);
    fs.close();
  });
});

describe('a layer read before', () => {
  const bytes = tar([{ ...file('a', 'text'), pax: { 'SCHILY.xattr.user.x': 'y' } }]);
  const digest = digestOf(bytes);

  function fixture() {
    const root = mkdtempSync(join(tmpdir(), 'inspect-cache-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    let opened = 0;
    const read = (cache: { directory: string; maxBytes: number }, use = options) =>
      readCachedLayer(cache, digest, digest, use, async () => {
        opened++;
        return inPieces(bytes, 100);
      });
    return { directory: join(root, 'layers'), read, opened: () => opened };
  }

  const plain = (layer: LayerContents) =>
    layer.entries.map(({ content, ...entry }) => [entry, content?.read(0, content.size).toString()]);

  test('is not fetched again, and is the same', async () => {
    const { directory, read, opened } = fixture();
    const cache = { directory, maxBytes: 1e6 };
    const [first, second] = [await read(cache), await read(cache)];
    expect(opened()).toBe(1);
    expect(plain(second)).toEqual(plain(first));
    expect(second.diffId).toBe(first.diffId);
    // Something else is wanted of it now.
    await read(cache, { ...options, keep: { ...everything, id: 'other' } });
    expect(opened()).toBe(2);
  });

  test('is fetched again where the cache is damaged, or too small for it', async () => {
    const { directory, read, opened } = fixture();
    const cache = { directory, maxBytes: 1e6 };
    await read(cache);
    const [name] = readdirSync(directory);
    writeFileSync(join(directory, name!), 'damaged');
    await read(cache);
    expect(opened()).toBe(2);
    await read({ directory, maxBytes: 10 }, { ...options, digests: true });
    expect(readdirSync(directory)).toEqual([]);
  });
});

test('a directory of this machine is read as one layer, and its links are not followed', () => {
  const root = mkdtempSync(join(tmpdir(), 'inspect-root-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/a'), 'text', { mode: 0o600 });
  linkSync(join(root, 'etc/a'), join(root, 'etc/b'));
  symlinkSync('/etc/passwd', join(root, 'etc/out'));
  const fs = readRootDirectory(root, { keep: everything, digests: true });
  onTestFinished(() => fs.close());
  expect(paths(fs)).toEqual(['etc', 'etc/a', 'etc/b', 'etc/out']);
  expect(text(fs, 'etc/b')).toBe('text');
  expect(fs.get('etc/a')).toMatchObject({ mode: 0o600, digest: digestOf(Buffer.from('text')) });
  expect(fs.get('etc/out')).toMatchObject({ type: 'symlink', linkname: '/etc/passwd' });
  expect(fs.resolve('etc/out')).toBeUndefined();
  expect(() => readRootDirectory(join(root, 'none'))).toThrow(code('INSPECT_DIRECTORY_UNREADABLE'));
});

test('a file system is written inside its directory, whatever its links say', async () => {
  const root = mkdtempSync(join(tmpdir(), 'inspect-write-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const fs = await merged([
    symlink('out', '/../../../../../../tmp'),
    { ...directory('ro'), mode: 0o555 },
    { ...file('ro/tool', 'text'), mode: 0o4755 },
    hardlink('same', 'ro/tool'),
    file('out/evil', 'x'),
    { ...file('x', 'latin'), pax: { path: Uint8Array.of(0x61, 0xe4) } },
  ]);
  writeRoot(fs, root);
  expect(readdirSync(root, { encoding: 'latin1' }).sort()).toEqual(['a\xe4', 'out', 'ro', 'same', 'tmp']);
  expect(readdirSync(join(root, 'tmp'))).toEqual(['evil']);
  expect(readlinkSync(join(root, 'out'))).toBe('/../../../../../../tmp');
  expect(readFileSync(join(root, 'same'), 'utf8')).toBe('text');
  expect(statSync(join(root, 'same')).mode & 0o7777).toBe(0o755);
  expect(statSync(join(root, 'same')).ino).toBe(statSync(join(root, 'ro/tool')).ino);
  chmodSync(join(root, 'ro'), 0o755);
});

test('whatever bytes come, the answer is a file system or a coded error', async () => {
  const base = Buffer.from(
    tar([directory('a'), symlink('a/b', '/c'), file('a/b/x', 'y'.repeat(700)), file('.wh.q')]),
  );
  const damage = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
  const mend = (bytes: Buffer) => {
    // With right checksums the damage goes deeper.
    for (let at = 0; at + 512 <= bytes.length; at += 512) {
      bytes.write('        ', at + 148, 'latin1');
      const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
      bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
    }
  };
  await fc.assert(
    fc.asyncProperty(
      damage,
      fc.boolean(),
      fc.integer({ min: 1, max: 900 }),
      async (changes, mended, size) => {
        const bytes = Buffer.from(base);
        for (const [at, value] of changes) bytes[at] = value;
        if (mended) mend(bytes);
        try {
          const fs = await readRootArchive(inPieces(bytes, size), { keep: everything });
          for (const { path } of fs.nodes()) fs.resolve(path);
          fs.close();
        } catch (error) {
          if (!(error instanceof PratiqueError)) throw error;
        }
      },
    ),
    { numRuns: 200 },
  );
});
