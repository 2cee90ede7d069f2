import { hash } from 'node:crypto';
import type { FileSystem, LayerEntry } from '@pratique/inspect';
import type { ApkFile } from './apk-file.ts';
import {
  type ApkDependency,
  type ApkProvision,
  DependencyError,
  parseDependencies,
  parseProvisions,
} from './dependencies.ts';
import type { ApkPackage } from './index-file.ts';

/** A package in apk’s database (apk-installed(5)), as it stands there and read. */
export interface ApkRecord {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly depends: readonly ApkDependency[];
  readonly provides: readonly ApkProvision[];
  readonly replaces: readonly ApkDependency[];
  readonly checksum: string;
  /** `Q1` and SHA-1 of each file, by path as the package has it. */
  readonly files: ReadonlyMap<string, string>;
  /** Without the empty line at its end. */
  readonly text: string;
}

/** The database, package by package. @throws DependencyError */
export function parseRecords(text: string): readonly ApkRecord[] {
  return text
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .filter((block) => block !== '')
    .map((block) => {
      const fields = new Map<string, string>();
      const files = new Map<string, string>();
      let directory = '';
      let file = '';
      for (const line of block.split('\n')) {
        const [letter, value] = [line[0]!, line.slice(2)];
        if (letter === 'F') directory = value;
        else if (letter === 'R') {
          file = directory === '' ? value : `${directory}/${value}`;
          files.set(file, '');
        } else if (letter === 'Z') files.set(file, value);
        else if (letter !== 'M' && letter !== 'a') fields.set(letter, value);
      }
      const field = (letter: string) => fields.get(letter) ?? '';
      if (field('P') === '') throw new DependencyError('a package without a name');
      return {
        name: field('P'),
        version: field('V'),
        architecture: field('A'),
        depends: parseDependencies(field('D')),
        provides: parseProvisions(field('p')),
        replaces: parseDependencies(field('r')),
        checksum: field('C'),
        files,
        text: block,
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
