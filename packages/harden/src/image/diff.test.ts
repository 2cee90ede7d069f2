import { type FileSystem, mergeLayers, readRootArchive } from '@pratique/inspect';
import { buildLayer, type LayerEntry } from '@pratique/oci';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileSystemOfEntries } from '../testing/file-system.ts';
import { diffEntries } from './diff.ts';
import { strippedEntries } from './stripped.ts';

const everything = { id: 'everything', keep: () => 'whole' as const };
const utf8 = (text: string) => new TextEncoder().encode(text);
const file = (path: string, content = path): LayerEntry => ({ type: 'file', path, content: utf8(content) });

/** What stands where: type, mode, content or target, and which names are of one file. */
function look(fileSystem: FileSystem): readonly string[] {
  const first = new Map<number, string>();
  return [...fileSystem.nodes()].map(({ path, type, mode, linkname, content, inode }) => {
    if (!first.has(inode)) first.set(inode, path);
    const text = content === undefined ? '' : new TextDecoder().decode(content.read(0, content.size));
    return `${path} ${type} ${type === 'symlink' ? linkname : mode} ${text} ${first.get(inode)}`;
  });
}

const nothing = {
  database: null,
  staying: [],
  kept: [],
  removed: [],
  removals: [],
  bits: [],
  missing: [],
  mayRunShell: [],
  keepUnmatched: [],
  untouched: null,
};
const wantedOf = (fileSystem: FileSystem) => strippedEntries(fileSystem, nothing);

async function onto(base: FileSystem, wanted: readonly LayerEntry[]) {
  const entries = diffEntries(base, wanted);
  const layer = await readRootArchive((await buildLayer(entries)).open(), { keep: everything });
  return {
    entries,
    paths: entries.map(({ path }) => path).sort(),
    merged: mergeLayers([...base.layers, ...layer.layers]),
  };
}

const entries: readonly LayerEntry[] = [
  file('etc/a'),
  file('etc/b'),
  file('empty', ''),
  { type: 'hardlink', path: 'etc/c', target: 'etc/b' },
  { type: 'symlink', path: 'link', target: 'etc' },
  { type: 'directory', path: 'var/empty', mode: 0o700 },
  file('usr/share/doc/x/1'),
  file('usr/share/doc/x/2'),
];

test('nothing changed is nothing written', async () => {
  const base = await fileSystemOfEntries(entries);
  expect((await onto(base, wantedOf(base))).paths).toEqual([]);
});

test('what is gone has one whiteout at its top, and what stays is not written again', async () => {
  const base = await fileSystemOfEntries(entries);
  const wanted = wantedOf(base).filter(({ path }) => path !== 'etc/a' && !path.startsWith('usr/share/doc'));
  const { paths, merged } = await onto(base, wanted);
  expect(paths).toEqual(['etc/.wh.a', 'usr/share/.wh.doc']);
  expect(merged.get('usr/share/doc/x/1')).toBeUndefined();
  expect(merged.get('etc/b')).toBeDefined();
});

test('names of one file come together when it changes, and a name that goes takes no other with it', async () => {
  const base = await fileSystemOfEntries(entries);
  const changed = wantedOf(base).map((entry) =>
    entry.path === 'etc/b' ? ({ ...entry, mode: 0o600 } as LayerEntry) : entry,
  );
  const { paths, merged } = await onto(base, changed);
  expect(paths).toEqual(['etc/b', 'etc/c']);
  expect(merged.get('etc/c')).toMatchObject({ mode: 0o600, inode: merged.get('etc/b')!.inode });
  const less = await onto(
    base,
    wantedOf(base).filter(({ path }) => path !== 'etc/c'),
  );
  expect(less.paths).toEqual(['etc/.wh.c']);
});

test('a directory that becomes a file, and a file that becomes a directory', async () => {
  const base = await fileSystemOfEntries([file('a/b'), file('c')]);
  const wanted: LayerEntry[] = [file('a'), { type: 'directory', path: 'c' }, file('c/d')];
  const { paths, merged } = await onto(base, wanted);
  expect(paths).toEqual(['a', 'c', 'c/d']);
  expect(merged.get('a')?.type).toBe('file');
  expect(merged.get('c/d')?.type).toBe('file');
});

test('capabilities that are not to be there are written over', async () => {
  const base = await fileSystemOfEntries([file('bin/ping')]);
  const node = base.get('bin/ping')!;
  const withCapability = {
    ...base,
    get: (path: string) =>
      path === 'bin/ping'
        ? { ...node, xattrs: new Map([['security.capability', utf8('x')]]) }
        : base.get(path),
  };
  expect(diffEntries(withCapability, wantedOf(base)).map(({ path }) => path)).toEqual(['bin/ping']);
});

test('any outcome on any base is that outcome', async () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const tree = fc
    .dictionary(path, fc.oneof(fc.constantFrom('1', '2', ''), fc.constant('-> x'), fc.constant('/')), {
      maxKeys: 8,
    })
    .map((all) =>
      Object.entries(all)
        .filter(
          ([one, kind]) => kind === '/' || !Object.keys(all).some((other) => other.startsWith(`${one}/`)),
        )
        .map(([one, kind]): LayerEntry => {
          if (kind === '/') return { type: 'directory', path: one };
          return kind === '-> x' ? { type: 'symlink', path: one, target: 'x' } : file(one, kind);
        }),
    );
  await fc.assert(
    fc.asyncProperty(tree, tree, async (before, after) => {
      const [base, outcome] = await Promise.all([fileSystemOfEntries(before), fileSystemOfEntries(after)]);
      const { merged } = await onto(base, wantedOf(outcome));
      expect(look(merged)).toEqual(look(outcome));
    }),
    { numRuns: 100 },
  );
});
