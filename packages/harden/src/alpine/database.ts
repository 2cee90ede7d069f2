import { hash } from 'node:crypto';
import { type FileSystem, type InstalledApk, type LayerEntry, readApkInstalled } from '@pratique/inspect';
import type { ApkFile } from './apk-file.ts';
import { type ApkDependency, type ApkProvision, parseDependencies, parseProvisions } from './dependencies.ts';
import type { ApkPackage } from './index-file.ts';

/** A package in apk’s database, with what decides whether it may stay as it is. */
export interface ApkRecord extends InstalledApk {
  readonly depends: readonly ApkDependency[];
  readonly provides: readonly ApkProvision[];
  readonly replaces: readonly ApkDependency[];
  /** `Q1` and the SHA-1 of the package’s control part, base64. */
  readonly checksum: string;
}

/**
 * The database in this directory, package by package; empty where it is not there.
 *
 * @throws DependencyError, INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function readRecords(fileSystem: FileSystem, directory: string): readonly ApkRecord[] {
  const file = fileSystem.resolve(`${directory}/installed`);
  return (file === undefined ? [] : readApkInstalled(file)).map((record) => {
    const field = (letter: string) => record.fields.get(letter) ?? '';
    return {
      ...record,
      depends: parseDependencies(field('D')),
      provides: parseProvisions(field('p')),
      replaces: parseDependencies(field('r')),
      checksum: field('C'),
    };
  });
}

/** In the order apk writes them. */
const indexFields = ['C', 'P', 'V', 'A', 'S', 'I', 'T', 'U', 'L', 'o', 'm', 't', 'c', 'k', 'D', 'p', 'i'];

/**
 * What apk writes of a package that it installed: what the index says, what it replaces, then its directories, each
 * followed by its files, with modes and owners that are not the usual ones.
 */
export function recordText(
  found: ApkPackage,
  file: ApkFile,
  isInstalled: (path: string) => boolean = () => true,
): string {
  const lines = indexFields.flatMap((letter) => {
    const value = found.fields.get(letter) ?? '';
    return value === '' || (letter === 'k' && value === '0') ? [] : [`${letter}:${value}`];
  });
  const replaces = file.info.get('replaces') ?? [];
  const [priority] = file.info.get('replaces_priority') ?? [];
  if (replaces.length > 0) lines.push(`r:${replaces.join(' ')}`);
  if (priority !== undefined && priority !== '0') lines.push(`q:${priority}`);
  const directories = new Map<string, string[]>();
  const files = filesOf(file.data).filter(({ path }) => isInstalled(path));
  for (const { path, type, uid, gid, mode } of file.data.layers[0]!.entries) {
    if (type !== 'directory' || path === '') continue;
    const usual = uid === 0 && gid === 0 && mode === 0o755;
    directories.set(path, usual ? [] : [`M:${uid}:${gid}:${mode.toString(8)}`]);
  }
  for (const { path, uid, gid, mode, checksum } of files) {
    const slash = path.lastIndexOf('/');
    const directory = path.slice(0, Math.max(slash, 0));
    const list = directories.get(directory) ?? [];
    directories.set(directory, list);
    list.push(`R:${path.slice(slash + 1)}`);
    if (uid !== 0 || gid !== 0 || mode !== 0o644) list.push(`a:${uid}:${gid}:${mode.toString(8)}`);
    list.push(`Z:${checksum}`);
  }
  for (const [directory, list] of directories) lines.push(`F:${directory}`, ...list);
  return lines.join('\n');
}

/** A file that a package brings, with the digest the database has of it. */
export interface PackagedFile {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** `Q1` and SHA-1, of the content or of where a link leads. */
  readonly checksum: string;
  readonly entry: LayerEntry;
}

/** In the order of the archive. */
export function filesOf(data: FileSystem): readonly PackagedFile[] {
  return data.layers[0]!.entries.flatMap((entry): readonly PackagedFile[] => {
    const { path, type, uid, gid } = entry;
    if (type === 'directory' || path === '') return [];
    const symlink = type === 'symlink';
    const checksum = symlink ? q1(new TextEncoder().encode(entry.linkname ?? '')) : q1(contentOf(data, path));
    return [{ path, uid, gid, mode: symlink ? 0o777 : entry.mode, checksum, entry }];
  });
}

/** Of what a file system has at a path. */
export function contentOf(fileSystem: FileSystem, path: string): Uint8Array {
  const content = fileSystem.get(path)?.content;
  return content === undefined ? new Uint8Array() : content.read(0, content.size);
}

/** As apk writes digests. */
export function q1(bytes: Uint8Array): string {
  return `Q1${Buffer.from(hash('sha1', bytes, 'buffer')).toString('base64')}`;
}
