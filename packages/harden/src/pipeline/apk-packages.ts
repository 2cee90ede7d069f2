import { printable } from '@pratique/errors';
import { compareVersions, type FileSystem } from '@pratique/inspect';
import { mapPool } from '@pratique/oci';
import { type ApkRecord, readRecords } from '../alpine/database.ts';
import { DependencyError, parseDependencies } from '../alpine/dependencies.ts';
import type { ApkPackage } from '../alpine/index-file.ts';
import { installApks } from '../alpine/install.ts';
import { apkDirectory } from '../alpine/place.ts';
import { fetchApk, openApkRepository, parseApkSources } from '../alpine/repository.ts';
import { type AlpineKey, SegmentError } from '../alpine/segments.ts';
import { solveApk } from '../alpine/solve.ts';
import { hardenErrors } from '../errors.ts';
import { fetchedAtOnce } from '../fetch/fetcher.ts';
import { textAt } from '../image/entries.ts';
import type { Changed, Repositories } from './packages.ts';
import type { HardenSettings } from './settings.ts';

const maxKeyBytes = 64 * 1024;

/**
 * Brings packages of apk up to date and adds others, from the repositories the settings or the image itself name, signed
 * by the keys that the settings name, or else by those of the image.
 *
 * @throws HARDEN_DATABASE_INVALID, PACKAGES_SOURCES_INVALID, PACKAGES_UNTRUSTED, DEPENDENCY_UNMET, and what fetching and
 * installing throw
 */
export async function changeApks(
  fileSystem: FileSystem,
  { upgrade, add, sources, keys }: HardenSettings,
  { fetcher, alpineKey }: Repositories,
): Promise<Changed> {
  const directory = apkDirectory(fileSystem);
  const installed = directory === undefined ? [] : wellFormed(() => readRecords(fileSystem, directory));
  const architecture =
    textAt(fileSystem, 'etc/apk/arch').trim() ||
    (installed.find((one) => !['', 'noarch', 'all'].includes(one.architecture ?? ''))?.architecture ?? '');
  if (!/^\w{2,20}$/.test(architecture))
    throw invalid(`the architecture is ${printable(architecture) || 'not named'}`);
  const trusted = keys === undefined ? imageKeys(fileSystem) : keys.map(alpineKey);
  const uris =
    sources === undefined
      ? parseApkSources(textAt(fileSystem, 'etc/apk/repositories'), 'etc/apk/repositories')
      : parseApkSources(sources.join('\n'), 'sources');
  if (uris.length === 0) {
    throw hardenErrors.error('PACKAGES_SOURCES_INVALID', {
      message: 'the image names no package repositories',
      expected: 'etc/apk/repositories in the image, or `sources` in the settings',
      found: 'none',
    });
  }
  const options = { fetcher, architecture, keys: trusted };
  const available = (await Promise.all(uris.map((uri) => openApkRepository(uri, options)))).flat();
  const newer = upgrade ? installed.flatMap((one) => newerOf(one, available)) : [];
  const wanted = parseDependencies([...newer, ...add.packages].join(' '));
  const chosen = solveApk(wanted, installed, available);
  const fetched = await mapPool(chosen, fetchedAtOnce, async (found) => ({
    found,
    ...(await fetchApk(found, options)),
  }));
  const result = await wellFormedAsync(() =>
    installApks(
      fileSystem,
      fetched.map(({ found, file }) => ({ found, file })),
      { scriptsNotNeeded: add.scriptsNotNeeded, world: add.packages },
    ),
  );
  return {
    ...result,
    notMade: [],
    changes: fetched.map(({ found, sha256 }) => ({
      name: found.name,
      from: installed.find(({ name }) => name === found.name)?.version ?? null,
      to: found.version,
      uri: found.url,
      sha256,
    })),
  };
}

/** Keys that the image itself trusts, as apk in it would. */
function imageKeys(fileSystem: FileSystem): readonly AlpineKey[] {
  return fileSystem.list('etc/apk/keys').flatMap(({ path, content }) => {
    if (!path.endsWith('.pub') || content === undefined || content.size > maxKeyBytes) return [];
    return [{ name: path.slice(path.lastIndexOf('/') + 1), bytes: content.read(0, content.size) }];
  });
}

/** The newest version of an installed package, where the repositories have a newer one. */
function newerOf({ name, version }: ApkRecord, available: readonly ApkPackage[]): readonly string[] {
  const newest = available
    .filter((one) => one.name === name)
    .reduce<string>(
      (best, one) => (compareVersions('apk', one.version, best) > 0 ? one.version : best),
      version,
    );
  return newest === version ? [] : [`${name}=${newest}`];
}

function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DependencyError)) throw cause;
    throw invalid(cause.message);
  }
}

async function wellFormedAsync<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof DependencyError || cause instanceof SegmentError)) throw cause;
    throw invalid(cause.message);
  }
}

function invalid(why: string) {
  return hardenErrors.error('HARDEN_DATABASE_INVALID', {
    message: `the package database of apk cannot be used: ${printable(why, 200)}`,
  });
}
