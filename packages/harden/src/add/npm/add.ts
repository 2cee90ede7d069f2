import { printable } from '@pratique/errors';
import type { LayerEntry } from '@pratique/inspect';
import { mapPool } from '@pratique/oci';
import type { SkippedScript } from '../../debian/install.ts';
import { hardenErrors } from '../../errors.ts';
import type { Fetcher } from '../../fetch/fetcher.ts';
import { fetchedAtOnce } from '../../fetch/fetcher.ts';
import { metadata } from '../../image/entries.ts';
import { directoryOf } from '../../reach/resolve.ts';
import type { Addition, Contents } from '../addition.ts';
import type { LockedPackage } from './lock.ts';
import { type NpmPackage, openNpmPackage, packageEntries } from './package-file.ts';

const maxBytes = 512 * 1024 * 1024;

export interface NpmOptions {
  readonly fetcher: Fetcher;
  /** Address of the registry. */
  readonly registry: string;
  readonly signal: AbortSignal;
}

/**
 * One package by its exact version, as `npm install --global --prefix TO` lays it out: `lib/node_modules/NAME`, commands in
 * `bin`. What it needs it must bring itself: nothing pins that but a lock file.
 *
 * @throws HARDEN_ADD_UNUSABLE, PACKAGES_UNREACHABLE, PACKAGES_UNTRUSTED
 */
export async function addNpmPackage(
  wanted: Pick<LockedPackage, 'name' | 'version' | 'sha512'>,
  to: string,
  options: NpmOptions,
): Promise<Contents> {
  const prefix = to.replace(/^\/+|\/+$/g, '');
  const path = `lib/node_modules/${wanted.name}`;
  const { one, addition } = await fetchOne({ ...wanted, path, resolved: null }, prefix, options);
  if (one.needs.length > 0) {
    one.tree.close();
    throw hardenErrors.error('HARDEN_ADD_UNUSABLE', {
      message: `the package ${wanted.name}@${wanted.version} needs others: ${printable(one.needs.join(', '), 300)}`,
      expected: 'a package that brings all it needs',
      remedy:
        'Make a package-lock.json with what it needs (`npm install --package-lock-only`), and name it in add.npm.locks.',
    });
  }
  const entries = packageEntries(one, inside(prefix, path), inside(prefix, 'bin'));
  return contents([one], [addition], [...directories(entries), ...entries]);
}

/**
 * What a lock file names, as `npm ci --omit=dev --ignore-scripts` lays it out below `to`.
 *
 * @throws HARDEN_ADD_UNUSABLE, PACKAGES_UNREACHABLE, PACKAGES_UNTRUSTED
 */
export async function addNpmLock(
  locked: readonly LockedPackage[],
  to: string,
  options: NpmOptions,
): Promise<Contents> {
  const prefix = to.replace(/^\/+|\/+$/g, '');
  const fetched = await mapPool(locked, fetchedAtOnce, async (one) => {
    options.signal.throwIfAborted();
    return await fetchOne(one, prefix, options);
  });
  const commands = new Set<string>();
  const entries = fetched.flatMap(({ one }, at) => {
    const { path } = locked[at]!;
    const modules = path.slice(0, path.lastIndexOf('node_modules/') + 'node_modules'.length);
    // Where two have a command of one name the first has it, as npm does.
    return packageEntries(one, inside(prefix, path), inside(prefix, `${modules}/.bin`)).filter(
      (entry) => entry.type !== 'symlink' || (!commands.has(entry.path) && commands.add(entry.path)),
    );
  });
  return contents(
    fetched.map(({ one }) => one),
    fetched.map(({ addition }) => addition),
    [...directories(entries), ...entries],
  );
}

async function fetchOne(
  { name, version, sha512, resolved, path }: LockedPackage,
  prefix: string,
  { fetcher, registry }: NpmOptions,
): Promise<{ readonly one: NpmPackage; readonly addition: Addition }> {
  const base = registry.replace(/\/+$/, '');
  // Where registries have them; what another one resolved is looked for in this one, since only the digest counts.
  const own = `${base}/${name}/-/${name.slice(name.lastIndexOf('/') + 1)}-${version}.tgz`;
  const uri = resolved?.startsWith(`${base}/`) ? resolved : own;
  const bytes = await fetcher.verified(uri, { sha512, size: maxBytes });
  const one = await openNpmPackage(bytes, name, version);
  const to = `/${inside(prefix, path)}`;
  return {
    one,
    addition: { kind: 'npm', name: `${name}@${version}`, uri, digest: { sha512 }, to, files: 0, bytes: 0 },
  };
}

function contents(
  packages: readonly NpmPackage[],
  additions: Contents['additions'],
  entries: readonly LayerEntry[],
): Contents {
  return {
    additions,
    entries,
    skipped: packages.flatMap(({ name, scripts }) =>
      scripts.map((script): SkippedScript => ({ package: name, script })),
    ),
    close: () => {
      for (const { tree } of packages) tree.close();
    },
  };
}

function inside(prefix: string, path: string): string {
  return prefix === '' ? path : `${prefix}/${path}`;
}

/** Directories above all of these. */
function directories(entries: readonly LayerEntry[]): readonly LayerEntry[] {
  const found = new Set<string>();
  for (const { path } of entries)
    for (let above = directoryOf(path); above !== '' && !found.has(above); above = directoryOf(above))
      found.add(above);
  const own = new Set(entries.filter(({ type }) => type === 'directory').map(({ path }) => path));
  return [...found]
    .filter((path) => !own.has(path))
    .sort()
    .map((path): LayerEntry => ({ ...metadata, type: 'directory', path, mode: 0o755 }));
}
