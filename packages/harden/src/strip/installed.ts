import { printable } from '@pratique/errors';
import {
  apkNames,
  type DpkgPackage,
  dpkgDirectory,
  type FileSystem,
  type InstalledApk,
  readApkInstalled,
  readDpkg,
} from '@pratique/inspect';
import { apkDirectory } from '../alpine/place.ts';
import { parseRelations, RelationError, type Relations } from '../debian/relations.ts';
import { hardenErrors } from '../errors.ts';
import { directoryOf, resolveWithLinks } from '../reach/resolve.ts';
import {
  isEssentialRpm,
  type RpmPackages,
  readRpmPackages,
  rpmDependencies,
  rpmVersion,
} from '../rpm/installed.ts';

/** A package of the image’s package manager, with what decides whether it may go. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The distribution holds that no system works without it. */
  readonly essential: boolean;
  readonly depends: Relations;
  readonly provides: Relations;
  /** Paths it brought that are there, and are no directories; each where it really lies, symbolic links followed. */
  readonly files: readonly string[];
  /** Paths of its records in the package database. */
  readonly records: readonly string[];
}

/** The package database of an image. */
export interface PackageDatabase {
  readonly manager: 'dpkg' | 'apk' | 'rpm';
  readonly packages: readonly InstalledPackage[];
  /** Files of the database that have no use once it is written anew. */
  readonly obsolete: readonly string[];
}

/**
 * Reads the package database of an image: dpkg’s (`status`, which is empty where nothing was installed yet, or
 * `status.d` as distroless images have it), apk’s, or rpm’s where packages can be taken out of it. None is null.
 *
 * @throws HARDEN_DATABASE_INVALID, INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function readDatabase(fileSystem: FileSystem): PackageDatabase | null {
  const installed = readDpkg(fileSystem);
  if (installed !== undefined)
    return wellFormed(() => ({
      manager: 'dpkg',
      packages: installed.map((one) => fromDpkg(fileSystem, one)),
      obsolete: [],
    }));
  const directory = apkDirectory(fileSystem);
  const apk = directory === undefined ? undefined : fileSystem.resolve(`${directory}/installed`);
  if (apk !== undefined)
    return {
      manager: 'apk',
      packages: readApkInstalled(apk).map((one) => fromApk(fileSystem, one)),
      obsolete: [],
    };
  const rpm = readRpmPackages(fileSystem);
  return rpm === null ? null : fromRpm(fileSystem, rpm);
}

function fromRpm(fileSystem: FileSystem, { database, packages }: RpmPackages): PackageDatabase {
  const needs = rpmDependencies(fileSystem, packages);
  const isEssential = isEssentialRpm(fileSystem);
  // The package `rpm` claims the database as its own, which does not go with it.
  const own = directoryOf(database.file.path);
  return {
    manager: 'rpm',
    packages: packages.map((one): InstalledPackage => {
      const { name, architecture = '' } = one.header;
      const paths = one.installed.files
        .filter(({ state }) => state === 0)
        .map(({ path }) => path.replace(/^\//, ''));
      return {
        name,
        version: rpmVersion(one.header),
        architecture,
        essential: isEssential(name),
        depends: needs
          .get(one)!
          .map((group) =>
            group.map(({ header }) => ({ name: header.name, architecture: null, version: null })),
          ),
        provides: [],
        files: present(fileSystem, paths).filter((path) => directoryOf(path) !== own),
        records: [],
      };
    }),
    // The log of SQLite is in what is written; the indexes of ndb would be of what was.
    obsolete: [`${database.file.path}-wal`, `${database.file.path}-shm`, `${own}/Index.db`].flatMap(
      (path) => fileSystem.get(path)?.path ?? [],
    ),
  };
}

function fromDpkg(fileSystem: FileSystem, one: DpkgPackage): InstalledPackage {
  const { name, version, architecture = '', control, record, single, list, paths } = one;
  // What dpkg cannot tell to be a package's would be taken for nobody's, and go.
  if (list === undefined && !single) throw invalid(`dpkg has no list of the files of ${name}`);
  const relations = (...names: readonly string[]) =>
    names.flatMap((name) => parseRelations(control.get(name) ?? ''));
  return {
    name,
    version,
    architecture,
    essential: control.get('essential') === 'yes',
    depends: relations('pre-depends', 'depends'),
    provides: relations('provides'),
    files: present(fileSystem, paths),
    records: single
      ? [record, ...(list === undefined ? [] : [list])].map(({ path }) => path)
      : [`${name}.`, `${name}:${architecture}.`].flatMap((prefix) =>
          recordsAt(fileSystem, `${dpkgDirectory}/info/${prefix}`),
        ),
  };
}

/** Endings of the files that dpkg keeps of a package (`/var/lib/dpkg/info`). */
export const recordKinds = [
  'list',
  'md5sums',
  'conffiles',
  'preinst',
  'postinst',
  'prerm',
  'postrm',
  'triggers',
  'shlibs',
  'symbols',
  'templates',
  'config',
] as const;

function recordsAt(fileSystem: FileSystem, prefix: string): readonly string[] {
  return recordKinds.map((kind) => `${prefix}${kind}`).filter((path) => fileSystem.get(path) !== undefined);
}

function fromApk(
  fileSystem: FileSystem,
  { name, version, architecture = '', fields, files }: InstalledApk,
): InstalledPackage {
  return {
    name,
    version,
    architecture,
    essential: false,
    depends: namesAlone(fields.get('D')),
    provides: namesAlone(fields.get('p')),
    files: present(fileSystem, [...files.keys()]),
    records: [],
  };
}

/** Which version would do was settled when it was installed. */
function namesAlone(field: string | undefined): Relations {
  return apkNames(field).map((name) => [{ name, architecture: null, version: null }]);
}

/**
 * Where listed paths really lie, of those that are there and no directories. A path that others lie below is a
 * directory to its package, also where the image has made a link of it (`bin` → `usr/bin`).
 */
function present(fileSystem: FileSystem, paths: readonly string[]): readonly string[] {
  const directories = new Set(paths.map(directoryOf));
  const found = new Set<string>();
  for (const path of paths) {
    if (directories.has(path)) continue;
    const parent = resolveWithLinks(fileSystem, `/${directoryOf(path)}`);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const real = parent === undefined || parent.node.path === '' ? name : `${parent.node.path}/${name}`;
    const node = fileSystem.get(real);
    if (node !== undefined && node.type !== 'directory') found.add(real);
  }
  return [...found];
}

function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RelationError)) throw cause;
    throw invalid(cause.message);
  }
}

function invalid(why: string) {
  return hardenErrors.error('HARDEN_DATABASE_INVALID', {
    message: `the package database cannot be read: ${printable(why, 200)}`,
  });
}
