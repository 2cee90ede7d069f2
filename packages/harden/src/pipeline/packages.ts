import { type FileSystem, hasRpmDatabase } from '@pratique/inspect';
import type { AlpineKey } from '../alpine/segments.ts';
import type { NotMadeBy, SkippedScript } from '../debian/install.ts';
import { hardenErrors } from '../errors.ts';
import { readDatabase } from '../strip/installed.ts';
import { changeApks } from './apk-packages.ts';
import { type AptRepositories, changeDebs } from './apt-packages.ts';
import type { HardenSettings } from './settings.ts';

/** A package that was brought in, and what it took the place of. */
export interface Change {
  readonly name: string;
  readonly from: string | null;
  readonly to: string;
  /** Where it came from, and what it is. */
  readonly uri: string;
  readonly sha256: string;
}

export interface Changed {
  readonly fileSystem: FileSystem;
  readonly changes: readonly Change[];
  readonly skipped: readonly SkippedScript[];
  readonly notMade: readonly NotMadeBy[];
}

/** How package repositories are reached, and whom is believed. */
export interface Repositories extends AptRepositories {
  /** A key that the settings name, by its path there. */
  readonly alpineKey: (path: string) => AlpineKey;
}

/**
 * Brings packages up to date and adds others, with the image’s own kind of packages.
 *
 * @throws HARDEN_MANAGER_UNSUPPORTED, and what the repositories throw
 */
export async function changePackages(
  fileSystem: FileSystem,
  settings: HardenSettings,
  repositories: Repositories,
): Promise<Changed> {
  if (!settings.upgrade && settings.add.packages.length === 0)
    return { fileSystem, changes: [], skipped: [], notMade: [] };
  const database = readDatabase(fileSystem);
  if (database?.manager === 'dpkg') return await changeDebs(fileSystem, database, settings, repositories);
  if (database?.manager === 'apk') return await changeApks(fileSystem, settings, repositories);
  throw hardenErrors.error('HARDEN_MANAGER_UNSUPPORTED', {
    message: 'packages are upgraded and added in images of Debian, Ubuntu and Alpine only',
    expected: 'the package database of dpkg or apk',
    found: hasRpmDatabase(fileSystem) ? 'the database of rpm' : 'none',
  });
}
