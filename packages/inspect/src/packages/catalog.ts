import type { FileNode, FileSystem, KeepRule } from '../filesystem/types.ts';
import { apkCataloger } from './apk.ts';
import type { CatalogContext, Cataloger, FoundPackage } from './cataloger.ts';
import { dpkgCataloger } from './dpkg.ts';
import { gemCataloger } from './gem.ts';
import { jarCataloger } from './jar.ts';
import { npmCataloger } from './npm.ts';
import { isOsRelease, readDistro } from './os-release.ts';
import type { Distro, Package } from './package.ts';
import { programCataloger } from './programs.ts';
import { pythonCataloger } from './python.ts';
import { rpmCataloger } from './rpm.ts';

const systemCatalogers: readonly Cataloger[] = [dpkgCataloger, apkCataloger, rpmCataloger];
const languageCatalogers: readonly Cataloger[] = [
  npmCataloger,
  pythonCataloger,
  gemCataloger,
  jarCataloger,
  programCataloger,
];

/** What the catalogers need of an image: give it to `readImage`, then the outcome to `catalogPackages`. */
export const packageFiles: KeepRule = {
  id: 'packages-7',
  keep(file, head) {
    if (isOsRelease(file.path)) return 'whole';
    for (const cataloger of [...systemCatalogers, ...languageCatalogers]) {
      const keep = cataloger.keep(file, head);
      if (keep !== undefined) return keep;
    }
    return undefined;
  },
};

/** What is installed in an image. */
export interface Catalog {
  readonly distro: Distro | undefined;
  /** By type, name, version and path. */
  readonly packages: readonly Package[];
  /** Language packages whose files belong to an operating system package: it is that one that is updated. */
  readonly owned: readonly Package[];
  /** The operating system package each file belongs to, by the file's path in the merged file system. */
  readonly owners: ReadonlyMap<string, Package>;
  /** The installed packages each operating system package needs. */
  readonly dependencies: ReadonlyMap<Package, readonly Package[]>;
  /** Files that look like a package's and could not be read. */
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

/**
 * Finds the packages of an image that was read with `packageFiles`.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE: packages are there, and which ones cannot be said
 */
export async function catalogPackages(fileSystem: FileSystem): Promise<Catalog> {
  const distro = readDistro(fileSystem);
  const skipped: { path: string; why: string }[] = [];
  const context: CatalogContext = {
    fileSystem,
    distro,
    layerOf: ({ layer }) => fileSystem.layers[layer]?.diffId,
    skip: (path, why) => skipped.push({ path, why }),
  };
  const find = async (catalogers: readonly Cataloger[]) =>
    (await Promise.all(catalogers.map((cataloger) => cataloger.find(context)))).flat();
  const system = await find(systemCatalogers);
  const owners = ownersOf(system, fileSystem);
  const language = (await find(languageCatalogers)).map((found) => found.package);
  const isOwned = ({ location }: Package) => owners.has(location.path.split('!', 1)[0]!);
  return {
    distro,
    packages: distinct([...system.map((found) => found.package), ...language.filter((one) => !isOwned(one))]),
    owned: distinct(language.filter(isOwned)),
    owners,
    dependencies: dependenciesOf(system),
    skipped,
  };
}

/** Databases name files by paths of their own time: directories may be links now (usrmerge). */
function ownersOf(system: readonly FoundPackage[], fileSystem: FileSystem): Map<string, Package> {
  const directories = new Map<string, string | undefined>();
  const real = (directory: string) => {
    if (!directories.has(directory)) directories.set(directory, fileSystem.resolve(directory)?.path);
    return directories.get(directory);
  };
  const owners = new Map<string, Package>();
  const parent = (path: string) => path.slice(0, Math.max(path.lastIndexOf('/'), 0));
  for (const { package: owner, files } of system) {
    // A directory to its package may be a link by now, which then belongs to nobody.
    const parents = new Set(files.map(parent));
    for (const file of files) {
      const slash = file.lastIndexOf('/');
      const directory = real(parent(file));
      if (directory === undefined || parents.has(file)) continue;
      const path = directory === '' ? file.slice(slash + 1) : `${directory}/${file.slice(slash + 1)}`;
      const node: FileNode | undefined = fileSystem.get(path);
      if (node !== undefined && node.type !== 'directory') owners.set(path, owner);
    }
  }
  return owners;
}

function dependenciesOf(system: readonly FoundPackage[]): Map<Package, readonly Package[]> {
  const byName = new Map<string, Package[]>();
  for (const { package: one, provides } of system)
    for (const name of new Set([one.name, ...provides])) byName.set(name, [...(byName.get(name) ?? []), one]);
  return new Map(
    system.map(({ package: one, needs }) => {
      const needed = new Set(needs.flatMap((names) => names.flatMap((name) => byName.get(name) ?? [])));
      needed.delete(one);
      return [one, [...needed]];
    }),
  );
}

/** Once each, in an order that does not depend on how they were found. */
function distinct(packages: readonly Package[]): Package[] {
  const key = ({ type, name, version, architecture = '', location }: Package) =>
    [type, name, version, architecture, location.path].join('\0');
  const byKey = new Map(packages.map((one) => [key(one), one]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, one]) => one);
}
