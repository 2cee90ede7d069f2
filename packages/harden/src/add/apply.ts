import { printable } from '@pratique/errors';
import { type FileSystem, type LayerEntry, mergeLayers } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { layerOf } from '../image/entries.ts';
import type { PackageDatabase } from '../strip/installed.ts';
import type { Addition, Contents } from './addition.ts';

/** An image with what was added to it. */
export interface Applied {
  readonly fileSystem: FileSystem;
  readonly additions: readonly Addition[];
  /** Every path that came, where it really lies. */
  readonly paths: ReadonlySet<string>;
  /** Files of the image that something else stands in the place of now. */
  readonly replaced: readonly string[];
}

/** Nobody but the package manager writes there: what is installed would be hidden, or made up. */
const databases =
  /^(?:var\/lib\/dpkg\/(?:status|diversions|statoverride|info\/.*)|(?:usr\/)?lib\/apk\/db\/.*|(?:var|usr)\/lib\/(?:sysimage\/)?rpm\/.*)$/;

/**
 * Puts what is added on the image. Links of the image are followed, inside it. What a package or another addition
 * brought is replaced only where `replaces` names the path; a directory never gives way to a file, nor a file to a
 * directory, and the package database is never touched.
 *
 * @param database of the image, whose files are protected
 * @throws HARDEN_ADD_CONFLICT
 */
export function applyAdditions(
  fileSystem: FileSystem,
  all: readonly Contents[],
  database: PackageDatabase | null,
  replaces: readonly string[],
): Applied {
  const owners = new Map<string, string>();
  for (const one of database?.packages ?? [])
    for (const path of one.files) owners.set(path, `the package ${one.name}`);
  const allowed = new Set(replaces.map((path) => path.replace(/^\/+|\/+$/g, '')));
  const paths = new Set<string>();
  const replaced: string[] = [];
  const additions: Addition[] = [];
  let current = fileSystem;
  const give = (path: string, written: string, name: string): void => {
    const owner = databases.test(path) ? 'the package database' : owners.get(path);
    if (owner !== undefined && (databases.test(path) || !(allowed.has(path) || allowed.has(written))))
      throw conflict(name, path, owner);
    replaced.push(path);
  };
  for (const { entries, additions: own } of all) {
    const name = own[0]?.name ?? '';
    const placed: LayerEntry[] = [];
    const real = new Map<string, string>();
    for (const entry of entries) {
      const path = realPath(current, entry.path, name);
      real.set(entry.path, path);
      const there = current.get(path);
      if (databases.test(path) && entry.type !== 'directory')
        throw conflict(name, path, 'the package database');
      if (entry.type === 'whiteout' || entry.type === 'opaque') {
        for (const gone of removedBy(current, entry.type, path)) give(gone, entry.path, name);
        placed.push({ ...entry, path });
        continue;
      }
      if (entry.type === 'directory') {
        if (there !== undefined && there.type !== 'directory' && current.resolve(path)?.type !== 'directory')
          throw conflict(name, path, 'a file, where a directory is to be');
        if (there !== undefined) continue;
      } else if (there?.type === 'directory') throw conflict(name, path, 'a directory');
      else if (there !== undefined) give(path, entry.path, name);
      placed.push(
        entry.type === 'hardlink'
          ? { ...entry, path, linkname: real.get(entry.linkname ?? '') ?? entry.linkname ?? '' }
          : { ...entry, path },
      );
      paths.add(path);
    }
    current = mergeLayers([...current.layers, layerOf(placed)]);
    for (const { path, type } of placed) if (type !== 'directory') owners.set(path, `what ${name} added`);
    additions.push(...counted(own, placed));
  }
  return { fileSystem: current, additions, paths, replaced: [...new Set(replaced)].sort() };
}

/** What each of several that one setting brings comes to: what lies where it was put. */
function counted(own: Contents['additions'], placed: readonly LayerEntry[]): readonly Addition[] {
  const longest = [...own].sort((a, b) => b.to.length - a.to.length);
  const counts = new Map(own.map((one) => [one, { files: 0, bytes: 0 }]));
  for (const { path, type, size } of placed) {
    if (type === 'directory' || type === 'whiteout' || type === 'opaque') continue;
    const owner = longest.find(
      ({ to }) => to === '/' || `/${path}/`.startsWith(`${to.replace(/\/+$/, '')}/`),
    );
    const count = owner && counts.get(owner);
    if (count === undefined) continue;
    count.files++;
    count.bytes += type === 'file' ? size : 0;
  }
  return own.map((one) => ({ ...one, ...counts.get(one)! }));
}

/** Where a path lies: links on the way are followed as far as there is anything. */
function realPath(fileSystem: FileSystem, path: string, name: string): string {
  const parts = path.split('/');
  const last = parts.pop()!;
  let way = '';
  for (const [index, part] of parts.entries()) {
    const next = way === '' ? part : `${way}/${part}`;
    const node = fileSystem.get(next);
    if (node === undefined) return [next, ...parts.slice(index + 1), last].join('/');
    const directory = fileSystem.resolve(next);
    if (directory?.type !== 'directory')
      throw conflict(name, next, node.type === 'symlink' ? 'a link that leads to no directory' : 'a file');
    way = directory.path;
  }
  return way === '' ? last : `${way}/${last}`;
}

/** Files that a whiteout takes away. */
function* removedBy(fileSystem: FileSystem, type: 'whiteout' | 'opaque', path: string): Generator<string> {
  const node = fileSystem.get(path);
  if (node === undefined) return;
  if (type === 'whiteout' && node.type !== 'directory') yield path;
  if (node.type !== 'directory') return;
  for (const child of fileSystem.list(path)) yield* removedBy(fileSystem, 'whiteout', child.path);
}

function conflict(name: string, path: string, owner: string) {
  return hardenErrors.error('HARDEN_ADD_CONFLICT', {
    message: `${printable(name, 200)} would take the place of /${printable(path, 200)}`,
    expected: 'a place where nothing is that belongs to somebody',
    found: printable(owner, 200),
  });
}
