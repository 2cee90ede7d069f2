import type { FileNode, FileSystem } from '../filesystem/types.ts';
import { ControlError, type Paragraph, paragraphs } from './control.ts';
import { databaseText, unreadableDatabase } from './database-content.ts';

/** Where dpkg keeps its database. */
export const dpkgDirectory = 'var/lib/dpkg';

/** A package whose files are there: also one that is unpacked and not configured. */
export interface DpkgPackage {
  readonly name: string;
  /** With epoch and revision. */
  readonly version: string;
  readonly architecture: string | undefined;
  readonly control: Paragraph;
  /** Where it is recorded: `status`, or where it is `single`, its own file in `status.d`. */
  readonly record: FileNode;
  readonly single: boolean;
  /** What names its files: `info/NAME.list`, or the checksums beside its own file. Undefined where there is none. */
  readonly list: FileNode | undefined;
  /** What the list names, directories too: as dpkg has it, links not followed, without the slash at the beginning. */
  readonly paths: readonly string[];
}

const maxPackages = 50_000;

/**
 * Reads the package database of dpkg(1): `status`, which is empty where nothing was installed yet, and `status.d` with
 * one file for each package, as distroless images have it. Undefined where there is neither.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE for what dpkg would not read either: a paragraph that is skipped hides a package
 */
export function readDpkg(fileSystem: FileSystem): readonly DpkgPackage[] | undefined {
  const status = fileSystem.resolve(`${dpkgDirectory}/status`);
  const records = status === undefined ? [] : [status];
  const singles = fileSystem
    .list(`${dpkgDirectory}/status.d`)
    .filter(({ type, path }) => type === 'file' && !path.endsWith('.md5sums'));
  if (records.length + singles.length === 0) return undefined;
  const packages = [
    ...records.flatMap((record) => readRecord(record, (name) => listOf(fileSystem, name))),
    ...singles.flatMap((record) => readRecord(record, () => checksumsOf(fileSystem, record))),
  ];
  if (packages.length > maxPackages)
    throw unreadableDatabase(records[0] ?? singles[0]!, `more than ${maxPackages} packages`);
  return packages;
}

type Listed = Pick<DpkgPackage, 'single' | 'list' | 'paths'>;

/** @param listed what there is of a package's files; its name is followed by the architecture where several may be installed */
function readRecord(record: FileNode, listed: (names: readonly string[]) => Listed): DpkgPackage[] {
  return wellFormed(record)
    .filter(isInstalled)
    .map((control) => {
      const field = (name: string): string => {
        const value = control.get(name);
        if (!value) throw unreadableDatabase(record, `a package lacks its ${name}`);
        return value;
      };
      const name = field('package');
      const version = field('version');
      const architecture = control.get('architecture') || undefined;
      return {
        name,
        version,
        architecture,
        control,
        record,
        ...listed([name, `${name}:${architecture}`]),
      };
    });
}

/** Its configuration alone may be left of a package, or only that it was asked for once. */
function isInstalled(control: Paragraph): boolean {
  const state = control.get('status')?.split(/\s+/)[2] ?? 'installed';
  return state !== 'not-installed' && state !== 'config-files';
}

/** `/usr/bin/x`; the root is `/.`. */
function listOf(fileSystem: FileSystem, names: readonly string[]): Listed {
  const nodes = names.map((name) => fileSystem.resolve(`${dpkgDirectory}/info/${name}.list`));
  const list = nodes.find((node) => node !== undefined);
  const paths = linesOf(list).map((line) => (line === '/.' ? '' : line.replace(/^\//, '')));
  return { single: false, list, paths: paths.filter((path) => path !== '') };
}

/** `md5  usr/bin/x`, as md5sum(1) writes. */
function checksumsOf(fileSystem: FileSystem, record: FileNode): Listed {
  const list = fileSystem.resolve(`${record.path}.md5sums`);
  const paths = linesOf(list).flatMap((line) => /^[0-9a-f]{32} [ *](?:\.?\/)?(.+)$/.exec(line)?.[1] ?? []);
  return { single: true, list, paths };
}

function linesOf(node: FileNode | undefined): readonly string[] {
  return node === undefined ? [] : databaseText(node).split('\n');
}

function wellFormed(record: FileNode): readonly Paragraph[] {
  try {
    return [...paragraphs(databaseText(record))];
  } catch (cause) {
    if (!(cause instanceof ControlError)) throw cause;
    throw unreadableDatabase(record, cause.message, cause);
  }
}
