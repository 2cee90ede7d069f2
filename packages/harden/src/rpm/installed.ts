import { printable } from '@pratique/errors';
import {
  type FileSystem,
  parseRpmHeader,
  parseRpmInstalled,
  type RpmDatabase,
  type RpmHeader,
  type RpmInstalled,
  type RpmRelation,
  readRpmDatabase,
  unreadableDatabase,
} from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { directoryOf, resolveWithLinks } from '../reach/resolve.ts';
import { capabilitiesOf, overlaps } from './capabilities.ts';
import { rpmRows } from './rows.ts';

/** A package of rpm, and where it stands in the database. */
export interface RpmPackage {
  /** The number of its header. */
  readonly number: number;
  readonly header: RpmHeader;
  readonly installed: RpmInstalled;
}

/** The database of rpm in an image, where packages can be taken out of it. */
export interface RpmPackages {
  readonly database: RpmDatabase;
  readonly packages: readonly RpmPackage[];
}

/**
 * The packages of rpm, but for its keys (`gpg-pubkey`). Null where there are none, and where they cannot be taken out: their
 * database is neither SQLite nor ndb, or there are several, of which scanners may read another.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function readRpmPackages(fileSystem: FileSystem): RpmPackages | null {
  const database = readRpmDatabase(fileSystem);
  if (database === undefined || whyUntouched(database) !== null) return null;
  const packages = rpmRows(database).flatMap(({ number, blob }) => {
    const [header, installed] = [parseRpmHeader(blob), parseRpmInstalled(blob)];
    if (header === undefined || installed === undefined)
      throw unreadableDatabase(database.file, 'it holds a package that cannot be read');
    return header.name === 'gpg-pubkey' ? [] : [{ number, header, installed }];
  });
  return { database, packages };
}

/**
 * Why no package of rpm is taken out of an image that has some; null where they can be, and where there are none.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function whyRpmIsUntouched(fileSystem: FileSystem): string | null {
  const database = readRpmDatabase(fileSystem);
  return database === undefined || database.headers.length === 0 ? null : whyUntouched(database);
}

function whyUntouched({ file, format, ignored }: RpmDatabase): string | null {
  if (format !== 'SQLite' && format !== 'ndb')
    return `no package was removed: of rpm’s databases SQLite and ndb are written, and /${file.path} is ${format}`;
  if (ignored.length > 0)
    return `no package was removed: rpm has a database in /${file.path} and another in /${ignored[0]!.path}, which a scanner may read`;
  return null;
}

/** `1:2.0-3.el9` */
export function rpmVersion({ epoch, version, release }: RpmHeader): string {
  return `${epoch === undefined ? '' : `${epoch}:`}${version}-${release}`;
}

/**
 * For each package, the packages that have what it requires, by requirement. Where several have it, by name and version, all
 * are named; where none has it in the right version, all that have it in any. What nobody has is left out.
 *
 * @throws HARDEN_DATABASE_INVALID
 */
export function rpmDependencies(
  fileSystem: FileSystem,
  packages: readonly RpmPackage[],
): ReadonlyMap<RpmPackage, readonly (readonly RpmPackage[])[]> {
  const provided = new Map<string, { readonly by: RpmPackage; readonly as: RpmRelation }[]>();
  const add = (name: string, by: RpmPackage, as: RpmRelation) => {
    const all = provided.get(name);
    if (all === undefined) provided.set(name, [{ by, as }]);
    else all.push({ by, as });
  };
  for (const one of packages) {
    for (const as of one.installed.provides) add(as.name, one, as);
    for (const name of new Set([
      one.header.name,
      ...one.installed.files.flatMap(({ path }) => [path, realPath(fileSystem, path)]),
    ]))
      add(name, one, { name, flags: 0, version: '' });
  }
  const providers = (wanted: RpmRelation): readonly RpmPackage[] => {
    // A path may lead through a link: `/bin/sh` in `/usr/bin`.
    const names = wanted.name.startsWith('/')
      ? [wanted.name, realPath(fileSystem, wanted.name)]
      : [wanted.name];
    const all = names.flatMap((name) => provided.get(name) ?? []);
    const right = all.filter(({ as }) => overlaps(wanted, as));
    return [...new Set((right.length > 0 ? right : all).map(({ by }) => by))];
  };
  return new Map(
    packages.map((one) => [
      one,
      one.installed.requires
        .flatMap((requirement) => capabilities(one, requirement))
        .map(providers)
        .filter((group) => group.length > 0),
    ]),
  );
}

function capabilities({ header }: RpmPackage, requirement: RpmRelation): readonly RpmRelation[] {
  try {
    return capabilitiesOf(requirement);
  } catch (cause) {
    throw hardenErrors.error('HARDEN_DATABASE_INVALID', {
      message: `the package database cannot be read: ${printable(header.name)}: ${printable((cause as Error).message)}`,
      cause,
    });
  }
}

/** Where a path lies, links of directories followed; itself where they lead nowhere. */
function realPath(fileSystem: FileSystem, path: string): string {
  const parent = resolveWithLinks(fileSystem, `/${directoryOf(path.slice(1))}`)?.node.path;
  if (parent === undefined) return path;
  return `${parent === '' ? '' : `/${parent}`}/${path.slice(path.lastIndexOf('/') + 1)}`;
}

/** What no image is without, for a base that others build on: rpm has no word for it, as dpkg has (`Essential`). */
const essential =
  /^(basesystem|filesystem|setup|bash|coreutils(-single)?|glibc|glibc-common|glibc-minimal-langpack|ncurses-base|grep|sed|gawk|findutils|diffutils|gzip|tar|util-linux(-core)?|shadow-utils|hostname)$/;

const maxListBytes = 64 * 1024;

/** Whether a distribution holds that nothing works without a package: those of the base, and those that dnf never removes. */
export function isEssentialRpm(fileSystem: FileSystem): (name: string) => boolean {
  const listed = ['etc/dnf/protected.d', 'etc/yum/protected.d']
    .flatMap((directory) => fileSystem.list(directory))
    .filter(({ path, type }) => type === 'file' && path.endsWith('.conf'))
    .flatMap(({ content }) =>
      content === undefined
        ? []
        : new TextDecoder().decode(content.read(0, Math.min(content.size, maxListBytes))).split('\n'),
    )
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const names = new Set(listed);
  return (name) => essential.test(name) || names.has(name);
}
