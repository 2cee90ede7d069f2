import type { FileSystem, LayerEntry } from '@pratique/inspect';
import { fileEntry, textAt } from '../image/entries.ts';
import type { InstalledPackage } from '../strip/installed.ts';
import { readRecords } from './database.ts';
import { changedScripts, changedTriggers } from './script-database.ts';

const worldPath = 'etc/apk/world';

/**
 * What apk has beside the records of its packages, when only some stay: their scripts and triggers, and of what was
 * asked for by name what can still be had, without which apk would refuse every later change.
 *
 * @param database where it has them
 */
export function strippedApkFiles(
  fileSystem: FileSystem,
  database: string,
  packages: readonly InstalledPackage[],
  staying: readonly InstalledPackage[],
): readonly LayerEntry[] {
  const names = new Set(staying.map(({ name }) => name));
  const gone = readRecords(fileSystem, database).filter(({ name }) => !names.has(name));
  const satisfied = namesOf(staying);
  const known = namesOf(packages);
  const world = textAt(fileSystem, worldPath)
    .split(/\s+/)
    .filter((word) => word !== '');
  // What names a conflict, or nothing that was there, says nothing about a package that is gone.
  const left = world.filter((word) => {
    const name = word.replace(/[<>=~@].*$/, '');
    return satisfied.has(name) || !known.has(name);
  });
  return [
    ...changedScripts(fileSystem, database, gone),
    ...changedTriggers(fileSystem, database, gone),
    ...(left.length === world.length ? [] : [fileEntry(worldPath, left.map((word) => `${word}\n`).join(''))]),
  ];
}

function namesOf(packages: readonly InstalledPackage[]): ReadonlySet<string> {
  return new Set(packages.flatMap(({ name, provides }) => [name, ...provides.flat().map((one) => one.name)]));
}
