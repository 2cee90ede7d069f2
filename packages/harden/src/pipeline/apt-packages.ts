import { compareVersions, type FileSystem } from '@pratique/inspect';
import { mapPool } from '@pratique/oci';
import { openDeb } from '../debian/deb.ts';
import { installPackages } from '../debian/install.ts';
import type { AptPackage, PackageIndex } from '../debian/package-index.ts';
import { parseRelations } from '../debian/relations.ts';
import { fetchPackage, type OpenedSource, openSource, type RepositoryOptions } from '../debian/repository.ts';
import { solve } from '../debian/solve.ts';
import { type AptSource, parseAptSources } from '../debian/sources.ts';
import { hardenErrors } from '../errors.ts';
import { fetchedAtOnce } from '../fetch/fetcher.ts';
import type { PackageDatabase } from '../strip/installed.ts';
import type { Changed } from './packages.ts';
import type { HardenSettings } from './settings.ts';

/** How apt repositories are reached. */
export type AptRepositories = Omit<RepositoryOptions, 'architecture'>;

const maxSourceBytes = 1024 * 1024;

/**
 * Brings packages of dpkg up to date and adds others, from the repositories the settings or the image itself name.
 *
 * @throws PACKAGES_SOURCES_INVALID, DEPENDENCY_UNMET, and what fetching and installing throw
 */
export async function changeDebs(
  fileSystem: FileSystem,
  database: PackageDatabase,
  { upgrade, add, sources }: HardenSettings,
  repositories: AptRepositories,
): Promise<Changed> {
  const installed = database.packages;
  const architecture =
    installed.find((one) => one.architecture !== 'all')?.architecture ?? ownArchitecture(fileSystem);
  const places =
    sources === undefined ? imageSources(fileSystem) : parseAptSources(sources.join('\n'), 'sources');
  const opened = await Promise.all(
    places.map((source) => openSource(source, { ...repositories, architecture })),
  );
  const indexes = opened.flatMap((one: OpenedSource) => one.indexes);
  const newer = upgrade ? installed.flatMap((one) => newerOf(one, indexes)) : [];
  const wanted = [
    ...newer.map(({ name, version }) => parseRelations(`${name} (= ${version})`)[0]![0]!),
    ...add.packages.flatMap((text) => parseRelations(text).flat()),
  ];
  const chosen = solve(wanted, installed, indexes);
  const fetched = await mapPool(chosen, fetchedAtOnce, async (found) => ({
    found,
    deb: await openDeb(await fetchPackage(found, repositories.fetcher)),
  }));
  const result = await installPackages(fileSystem, database, fetched, add);
  return {
    ...result,
    changes: chosen.map((found) => ({
      name: found.name,
      from: installed.find(({ name }) => name === found.name)?.version ?? null,
      to: found.version,
      uri: `${found.source.uri}/${found.filename}`,
      sha256: found.sha256,
    })),
  };
}

/** The newest version of an installed package, where the repositories have a newer one. */
function newerOf(
  { name, version }: { readonly name: string; readonly version: string },
  indexes: readonly PackageIndex[],
): readonly AptPackage[] {
  const newest = indexes
    .flatMap((index) => index.versions(name))
    .reduce<AptPackage | undefined>(
      (best, one) =>
        best === undefined || compareVersions('deb', one.version, best.version) > 0 ? one : best,
      undefined,
    );
  return newest !== undefined && compareVersions('deb', newest.version, version) > 0 ? [newest] : [];
}

/** @throws PACKAGES_SOURCES_INVALID where the image names none */
/** Of an image in which nothing is installed yet: dpkg(1) names its own architecture first. */
function ownArchitecture(fileSystem: FileSystem): string {
  const content = fileSystem.resolve('var/lib/dpkg/arch')?.content;
  const text =
    content === undefined ? '' : new TextDecoder().decode(content.read(0, Math.min(content.size, 64)));
  return /^[a-z0-9-]+/.exec(text)?.[0] ?? 'amd64';
}

function imageSources(fileSystem: FileSystem): readonly AptSource[] {
  const files = [
    'etc/apt/sources.list',
    ...fileSystem.list('etc/apt/sources.list.d').map(({ path }) => path),
  ];
  const found = files.flatMap((path) => {
    const content = fileSystem.resolve(path)?.content;
    if (content === undefined || content.size > maxSourceBytes || !/\.(list|sources)$/.test(path)) return [];
    return parseAptSources(new TextDecoder().decode(content.read(0, content.size)), path);
  });
  if (found.length > 0) return found;
  throw hardenErrors.error('PACKAGES_SOURCES_INVALID', {
    message: 'the image names no package repositories',
    expected: 'etc/apt/sources.list in the image, or `sources` in the settings',
    found: 'none',
  });
}
