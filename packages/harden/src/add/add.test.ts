import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { FileSystem } from '@pratique/inspect';
import { buildImage, buildLayer, type LayerEntry, layerFromTar, openLayout, pushImage } from '@pratique/oci';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFetcher } from '../fetch/fetcher.ts';
import { parseSettings } from '../pipeline/settings.ts';
import { readDatabase } from '../strip/installed.ts';
import { dpkgDatabase, type Files, fileSystemOf, fileSystemOfEntries } from '../testing/file-system.ts';
import { applyAdditions } from './apply.ts';
import { gather } from './gather.ts';
import { addImage } from './image.ts';
import { placeTree } from './place.ts';

const folder = mkdtempSync(join(tmpdir(), 'pratique-add-'));
afterAll(() => rmSync(folder, { recursive: true }));

const base: Files = {
  lib: '-> usr/lib',
  'usr/lib/libowned.so': 'owned',
  'etc/free': 'of nobody',
  'srv/escape': '-> /etc',
  'srv/nowhere': '-> /gone',
  ...dpkgDatabase({ owner: { files: ['usr/lib/libowned.so'] } }),
};
const conflict = { code: 'HARDEN_ADD_CONFLICT', kind: 'denial' };
const unusable = { code: 'HARDEN_ADD_UNUSABLE', kind: 'denial' };
const text = (content: string) => new TextEncoder().encode(content);
const file = (path: string, content = path, mode = 0o644): LayerEntry => ({
  type: 'file',
  path,
  mode,
  content: text(content),
});

async function tar(name: string, entries: readonly LayerEntry[]): Promise<string> {
  const layer = await buildLayer(entries);
  writeFileSync(join(folder, name), new Uint8Array(await buffer(layer.open())));
  return name;
}

async function add(yaml: string, files = base) {
  const settings = parseSettings(yaml, 'test');
  const before = await fileSystemOf(files);
  const contents = await gather(settings, {
    path: (path) => join(folder, path),
    image: async (name) => ({
      name,
      repository: await openLayout(join(folder, 'layout')),
      version: name,
      close: async () => {},
    }),
    fetcher: createFetcher({ fetch: () => Promise.reject(new Error('no network')) }),
    platform: { os: 'linux', architecture: 'amd64' },
    signal: new AbortController().signal,
  });
  const applied = applyAdditions(before, contents, readDatabase(before), settings.add.replaces);
  return { ...applied, read: (path: string) => read(applied.fileSystem, path) };
}

function read(fileSystem: FileSystem, path: string): string | undefined {
  const content = fileSystem.resolve(path)?.content;
  return content === undefined ? undefined : new TextDecoder().decode(content.read(0, content.size));
}

beforeAll(async () => {
  mkdirSync(join(folder, 'site/css'), { recursive: true });
  writeFileSync(join(folder, 'site/index.html'), 'hello', { mode: 0o664 });
  writeFileSync(join(folder, 'site/css/run'), '#!', { mode: 0o700 });
  symlinkSync('/etc/passwd', join(folder, 'site/link'));
  writeFileSync(join(folder, 'app.conf'), 'configured');
  await tar('app.tar', [
    file('opt/app/run', 'app', 0o755),
    { type: 'symlink', path: 'opt/link', target: 'app' },
  ]);
});

describe('what is added', () => {
  test('is a file, with its owner and mode, and its digest as a material', async () => {
    const { fileSystem, read, additions } = await add(
      'add: { files: [{ from: app.conf, to: /etc/app.conf, mode: "0640", owner: "5:6" }] }',
    );
    expect(read('etc/app.conf')).toBe('configured');
    expect(fileSystem.get('etc/app.conf')).toMatchObject({ mode: 0o640, uid: 5, gid: 6 });
    expect(additions).toEqual([
      {
        kind: 'file',
        name: 'app.conf',
        uri: 'file:app.conf',
        digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        to: '/etc/app.conf',
        files: 1,
        bytes: 10,
      },
    ]);
  });

  test('is a directory, the same whatever the umask; links in it are not followed', async () => {
    const yaml = 'add: { directories: [{ from: site, to: /srv/www, owner: "33:33" }] }';
    const { fileSystem, additions } = await add(yaml);
    expect(fileSystem.get('srv/www/index.html')).toMatchObject({ mode: 0o644, uid: 33 });
    expect(fileSystem.get('srv/www/css/run')).toMatchObject({ mode: 0o755 });
    expect(fileSystem.get('srv/www/link')).toMatchObject({ type: 'symlink', linkname: '/etc/passwd' });
    expect(additions[0]!.files).toBe(3);
    expect(additions[0]!.digest).toHaveProperty('dirHash');
    writeFileSync(join(folder, 'site/index.html'), 'changed');
    expect((await add(yaml)).additions[0]!.digest).not.toEqual(additions[0]!.digest);
  });

  test('is a tar, where it is said to go; its digest can be demanded', async () => {
    const { read, additions } = await add('add: { tars: [{ from: app.tar, to: /pre }] }');
    expect(read('pre/opt/link/run')).toBe('app');
    const right = additions[0]!.digest.sha256;
    await expect(add(`add: { tars: [{ from: app.tar, sha256: "${right}" }] }`)).resolves.toBeDefined();
    await expect(
      add(`add: { tars: [{ from: app.tar, sha256: "${'0'.repeat(64)}" }] }`),
    ).rejects.toMatchObject({ code: 'PACKAGES_UNTRUSTED' });
  });

  describe('is a tar compressed with xz', () => {
    const xz = (...options: readonly string[]) =>
      execFileSync('xz', ['-c', ...options, join(folder, 'app.tar')]);
    const written = (bytes: Uint8Array) => {
      writeFileSync(join(folder, 'app.tar.xz'), bytes);
      return 'add: { tars: [{ from: app.tar.xz }] }';
    };

    test('which has the digest of the file', async () => {
      const bytes = xz();
      const { read, additions } = await add(written(bytes));
      expect(read('opt/app/run')).toBe('app');
      expect(additions[0]!.digest).toEqual({ sha256: hash('sha256', bytes) });
    });

    test('which is refused where it is cut off, damaged, or something follows it', async () => {
      const bytes = xz();
      const damaged = Buffer.from(bytes);
      damaged[bytes.length >> 1]! ^= 1;
      for (const bad of [bytes.subarray(0, -1), damaged, Buffer.concat([bytes, Buffer.from('more')])])
        await expect(add(written(bad))).rejects.toMatchObject(unusable);
    });

    test('which is refused where nothing here checks its integrity', async () => {
      await expect(add(written(xz('--check=sha256')))).rejects.toMatchObject(unusable);
    });

    test('which is refused where it expands far beyond its size', async () => {
      const zeros = join(folder, 'zeros');
      writeFileSync(zeros, '');
      truncateSync(zeros, 300 * 1024 ** 2);
      await expect(add(written(execFileSync('xz', ['-0', '-c', zeros])))).rejects.toMatchObject(unusable);
    });
  });

  test('that is not there is said', async () => {
    await expect(add('add: { tars: [{ from: gone.tar }] }')).rejects.toMatchObject(unusable);
    await expect(add('add: { directories: [{ from: gone, to: / }] }')).rejects.toMatchObject(unusable);
    await expect(add('add: { files: [{ from: gone, to: /x }] }')).rejects.toMatchObject({
      code: 'OCI_FILE_UNREADABLE',
    });
    await expect(
      add('add: { npm: { registry: "https://r.test", locks: [{ from: gone, to: / }] } }'),
    ).rejects.toMatchObject(unusable);
  });
});

describe('what is there', () => {
  const over = async (entries: readonly LayerEntry[], more = '') => {
    await tar('over.tar', entries);
    return await add(`add: { tars: [{ from: over.tar }], ${more} }`);
  };

  test('and belongs to a package is not replaced, by whatever way it is reached, unless that is said', async () => {
    await expect(over([file('usr/lib/libowned.so')])).rejects.toMatchObject({
      ...conflict,
      message: expect.stringContaining('/usr/lib/libowned.so'),
    });
    await expect(over([file('lib/libowned.so')])).rejects.toMatchObject(conflict);
    await expect(over([file('lib/libowned.so')], 'replaces: [/usr/lib/libother.so]')).rejects.toMatchObject(
      conflict,
    );
    const { read, replaced } = await over(
      [file('lib/libowned.so', 'new')],
      'replaces: [/usr/lib/libowned.so]',
    );
    expect(read('usr/lib/libowned.so')).toBe('new');
    expect(replaced).toEqual(['usr/lib/libowned.so']);
  });

  test('and belongs to nobody is replaced, and that is told', async () => {
    const { replaced, read } = await over([file('etc/free', 'mine')]);
    expect(read('etc/free')).toBe('mine');
    expect(replaced).toEqual(['etc/free']);
  });

  test('and says which packages are installed is never touched, also not where that is said', async () => {
    for (const path of ['var/lib/dpkg/status', 'var/lib/dpkg/info/owner.list', 'lib/apk/db/installed'])
      await expect(over([file(path)], `replaces: ["/${path}"]`)).rejects.toMatchObject(conflict);
  });

  test.each<[string, LayerEntry[]]>([
    ['a directory, by a file', [file('etc')]],
    ['a file, by a directory', [file('etc/free/x')]],
    ['a link that leads nowhere, as a directory', [file('srv/nowhere/x')]],
    ['a directory, by a link', [{ type: 'symlink', path: 'etc', target: '/' }]],
  ])('is not replaced: %s', async (_name, entries) => {
    await expect(over(entries)).rejects.toMatchObject(conflict);
  });

  test('and was added before is not replaced', async () => {
    await tar('over.tar', [file('opt/app/run')]);
    await expect(add('add: { tars: [{ from: app.tar }, { from: over.tar }] }')).rejects.toMatchObject(
      conflict,
    );
    await expect(
      add('add: { tars: [{ from: app.tar }, { from: over.tar }], replaces: [/opt/app/run] }'),
    ).resolves.toBeDefined();
  });

  test('through a link of the image is inside the image, and checked there', async () => {
    const { read } = await over([file('srv/escape/new', 'x')]);
    expect(read('etc/new')).toBe('x');
    expect(read('srv/escape/new')).toBe('x');
    await expect(over([file('srv/escape/../x')])).rejects.toMatchObject({ code: 'OCI_BUILD_INPUT_INVALID' });
  });
});

test('links of an archive do not lead out of the place where it is put', async () => {
  const hostile = await fileSystemOfEntries([
    { type: 'symlink', path: 'out', target: '/etc' },
    { type: 'symlink', path: 'up', target: '../../..' },
    file('real/file'),
  ]);
  const placed = placeTree(hostile, { to: '/srv/app' });
  expect(placed.every(({ path }) => path === 'srv' || path.startsWith('srv/app'))).toBe(true);
  // What lies behind such a link in the archive lies inside of it.
  expect(() => placeTree(hostile, { from: '/out/passwd', to: '/x' })).toThrow(
    expect.objectContaining(unusable),
  );
});

test('names of one file stay names of one file', async () => {
  const tree = await fileSystemOfEntries([file('a'), { type: 'hardlink', path: 'b', target: 'a' }]);
  expect(placeTree(tree, { to: '/x' }).map(({ path, type, linkname }) => [path, type, linkname])).toEqual([
    ['x', 'directory', undefined],
    ['x/a', 'file', undefined],
    ['x/b', 'hardlink', 'x/a'],
  ]);
});

test('any archive is placed below where it is to go, or refused', async () => {
  const part = fc.constantFrom('a', 'b', 'etc', 'usr');
  const paths = fc.uniqueArray(
    fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  const before = await fileSystemOf(base);
  await fc.assert(
    fc.asyncProperty(paths, fc.constantFrom('/', '/srv/app', '/srv/app/'), async (all, to) => {
      const leaves = all.filter((path) => !all.some((other) => other.startsWith(`${path}/`)));
      const tree = await fileSystemOfEntries(leaves.map((path) => file(path)));
      const entries = placeTree(tree, { to });
      const one = { additions: [], entries, skipped: [], close: () => {} };
      let applied: ReturnType<typeof applyAdditions>;
      try {
        applied = applyAdditions(before, [one], readDatabase(before), []);
      } catch (error) {
        expect(error).toMatchObject(conflict);
        return;
      }
      for (const path of leaves) expect(read(applied.fileSystem, `${to}/${path}`)).toBe(path);
      expect(read(applied.fileSystem, 'usr/lib/libowned.so')).toBe('owned');
    }),
    { numRuns: 50 },
  );
});

describe('another image', () => {
  let layers: readonly string[];
  beforeAll(async () => {
    const lower = await buildLayer([file('bin/tool', 'tool', 0o755), file('etc/tool/conf', 'conf')]);
    const upper = await layerFromTar(
      new Uint8Array(
        await buffer(
          (
            await buildLayer([file('etc/.wh.free', ''), { ...file('opt/new'), uid: 7, gid: 8 } as LayerEntry])
          ).open(),
        ),
      ),
    );
    layers = [lower.descriptor.digest, upper.descriptor.digest];
    const image = buildImage({ layers: [lower, upper], platform: { os: 'linux', architecture: 'amd64' } });
    await pushImage(image, await openLayout(join(folder, 'layout'), { create: true }), { tag: 'v1' });
  });

  test('gives a file, or what is in a directory, with the digest of its manifest as a material', async () => {
    const { read, additions, fileSystem } = await add(
      'add: { images: [{ image: v1, from: /bin/tool, to: /usr/local/bin/ }, { image: v1, from: /etc/tool, to: /etc/t }] }',
    );
    expect(read('usr/local/bin/tool')).toBe('tool');
    expect(fileSystem.get('usr/local/bin/tool')).toMatchObject({ mode: 0o755 });
    expect(read('etc/t/conf')).toBe('conf');
    expect(additions.map(({ kind, uri }) => [kind, uri])).toEqual([
      ['image', expect.stringMatching(/^v1@sha256:/)],
      ['image', expect.stringMatching(/^v1@sha256:/)],
    ]);
  });

  test('gives one of its layers, with what that takes away', async () => {
    const { read, replaced, additions } = await add(
      `add: { images: [{ image: v1, layer: "${layers[1]}" }] }`,
    );
    expect(read('opt/new')).toBe('opt/new');
    expect(read('etc/free')).toBeUndefined();
    expect(read('bin/tool')).toBeUndefined();
    expect(replaced).toEqual(['etc/free']);
    expect(additions[0]!.digest).toEqual({ sha256: layers[1]!.slice(7) });
  });

  test('whose layer takes away what belongs to a package is refused', async () => {
    const yaml = `add: { images: [{ image: v1, layer: "${layers[1]}" }] }`;
    const owned = {
      'etc/free': 'x',
      ...dpkgDatabase({ owner: { files: ['etc/free'] } }),
    };
    await expect(add(yaml, owned)).rejects.toMatchObject(conflict);
    await expect(add(yaml.replace('}] }', ', to: /elsewhere }] }'))).rejects.toMatchObject(unusable);
  });

  test('that lacks what is asked for is refused', async () => {
    const one = {
      name: 'v1',
      repository: await openLayout(join(folder, 'layout')),
      version: 'v1',
      close: async () => {},
    };
    const source = { platform: { os: 'linux', architecture: 'amd64' }, signal: new AbortController().signal };
    await expect(addImage(one, source, { from: '/gone', to: '/' })).rejects.toMatchObject(unusable);
    await expect(
      addImage(one, { ...source, layer: `sha256:${'0'.repeat(64)}` }, { to: '/' }),
    ).rejects.toMatchObject(unusable);
  });
});
