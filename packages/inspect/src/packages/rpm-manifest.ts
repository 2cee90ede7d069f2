import { type DatabaseFile, databaseText, unreadableDatabase } from './database-content.ts';
import type { RpmHeader } from './rpm-header.ts';

/** What CBL-Mariner and Azure Linux leave in their distroless images, which have no database of rpm. */
export const rpmManifest = 'var/lib/rpmmanifest/container-manifest-2';

const maxPackages = 50_000;

/**
 * Reads the manifest: a line for each package, its fields between tabs, as `rpm --query --all` writes them in Azure Linux'
 * toolkit (toolkit/docs/how_it_works/5_misc.md): name, version-release, times of installation and build, vendor, epoch, size,
 * architecture, epoch as a number, source package. Files and relations are not in it.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function readRpmManifest(file: DatabaseFile): RpmHeader[] {
  const lines = databaseText(file)
    .split('\n')
    .filter((line) => line !== '');
  if (lines.length > maxPackages) throw unreadableDatabase(file, `more than ${maxPackages} packages`);
  return lines.map((line) => headerOf(line) ?? refuse(file));
}

function refuse(file: DatabaseFile): never {
  throw unreadableDatabase(file, 'it holds a package that cannot be read');
}

function headerOf(line: string): RpmHeader | undefined {
  const [name, full = '', , , vendor, epoch, , architecture, epochNumber, sourceRpm] = line.split('\t');
  const [, version, release] = /^([^-]+)-([^-]+)$/.exec(full) ?? [];
  if (!name || version === undefined || release === undefined || sourceRpm === undefined) return undefined;
  const hasEpoch = said(epoch) !== undefined;
  if (hasEpoch && !/^\d{1,10}$/.test(epochNumber ?? '')) return undefined;
  return {
    name,
    epoch: hasEpoch ? Number(epochNumber) : undefined,
    version,
    release,
    architecture: said(architecture),
    license: undefined,
    vendor: said(vendor),
    sourceRpm: said(sourceRpm),
    modularityLabel: undefined,
    sha256: undefined,
    files: [],
    fileDigests: [],
    requires: [],
    provides: [],
  };
}

/** rpm says `(none)` of what a package does not have. */
function said(field: string | undefined): string | undefined {
  return field === undefined || field === '' || field === '(none)' ? undefined : field;
}
