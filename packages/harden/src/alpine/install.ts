import { printable } from '@pratique/errors';
import { type FileSystem, type LayerEntry, mergeLayers } from '@pratique/inspect';
import type { SkippedScript } from '../debian/install.ts';
import { hardenErrors } from '../errors.ts';
import { certificateBundle } from '../image/certificates.ts';
import { fileEntry, layerOf, metadata, textAt } from '../image/entries.ts';
import { directoryOf, resolveWithLinks } from '../reach/resolve.ts';
import { type AccountCommand, addAccounts } from './accounts.ts';
import type { ApkFile } from './apk-file.ts';
import { type ApkRecord, contentOf, filesOf, q1, readRecords, recordText } from './database.ts';
import { acceptsApk } from './dependencies.ts';
import type { ApkPackage } from './index-file.ts';
import { apkDirectory } from './place.ts';
import { changedScripts, changedTriggers } from './script-database.ts';
import { emulated, readScript } from './scripts.ts';

/** A package with its file, verified. */
export interface FetchedApk {
  readonly found: ApkPackage;
  readonly file: ApkFile;
}

/** Where apk keeps what it knows; links on the way are followed. */
const apkDatabase = 'lib/apk/db';

/**
 * Unpacks packages over an image, as apk would, without running anything: files of the old version go, configuration
 * that was changed stays, and the database says what is installed. Accounts that scripts add with `addgroup` and `adduser`
 * are added, applets of busybox linked, certificates bundled. A new package with a script that does more is refused.
 *
 * @param world what was asked for, as it is written to `/etc/apk/world`
 * @throws APK_INVALID, APK_SCRIPT_UNKNOWN, HARDEN_ADD_CONFLICT
 */
export async function installApks(
  fileSystem: FileSystem,
  packages: readonly FetchedApk[],
  options: { readonly scriptsNotNeeded: readonly string[]; readonly world: readonly string[] },
): Promise<{ readonly fileSystem: FileSystem; readonly skipped: readonly SkippedScript[] }> {
  const database = apkDirectory(fileSystem) ?? fileSystem.resolve(apkDatabase)?.path ?? apkDatabase;
  const before = readRecords(fileSystem, database);
  const old = new Map(before.map((one) => [one.name, one]));
  const { skipped, accounts } = readScripts(packages, old, options.scriptsNotNeeded);
  const owners = ownersOf(before.filter(({ name }) => !packages.some(({ found }) => found.name === name)));
  const replaced = before.filter(({ name }) => packages.some(({ found }) => found.name === name));
  const gone = packages.flatMap(({ found }) => oldFiles(fileSystem, old.get(found.name)));
  const layers = [layerOf(gone.map((path) => ({ ...metadata, path, type: 'whiteout' })))];
  const records = new Map<string, string>();
  /** Of other packages: files that are of somebody else now. */
  const taken = new Map<string, Set<string>>();
  for (const { found, file } of packages) {
    const kept = new Set<string>();
    for (const { path, checksum } of filesOf(file.data)) {
      const owner = owners.get(path);
      if (owner !== undefined && owner.name !== found.name) {
        if (!isReplaced(owner, file)) throw conflict(path, found.name, owner.name);
        taken.set(owner.name, (taken.get(owner.name) ?? new Set()).add(path));
      }
      owners.set(path, { ...found, replaces: [] });
      if (isChangedConfiguration(fileSystem, path, old.get(found.name), checksum)) kept.add(path);
    }
    const own = file.data.layers[0]!;
    const entries = own.entries.filter(({ path, type }) => {
      if (path === '' || kept.has(path)) return false;
      // Directories that the image has as links stay links.
      return type !== 'directory' || resolveWithLinks(fileSystem, `/${path}`)?.node.type !== 'directory';
    });
    layers.push({ ...own, entries });
    records.set(found.name, recordText(found, file));
  }
  const rest = before
    .filter(({ name }) => !records.has(name))
    .map((one) => withoutFiles(one, taken.get(one.name) ?? new Set()));
  layers.push(
    layerOf([
      fileEntry(
        `${database}/installed`,
        [...rest, ...records.values()].map((text) => `${text}\n\n`).join(''),
      ),
      ...changedScripts(fileSystem, database, replaced, packages),
      ...changedTriggers(fileSystem, database, replaced, packages),
      ...worldEntry(fileSystem, options.world),
    ]),
  );
  let merged = mergeLayers([...fileSystem.layers, ...layers]);
  for (const more of [
    accountEntries(merged, accounts),
    appletEntries(merged),
    certificateEntries(merged, packages),
  ])
    if (more.length > 0) merged = mergeLayers([...merged.layers, layerOf(more)]);
  return { fileSystem: merged, skipped };
}

const onInstall = ['pre-install', 'post-install'];
const onUpgrade = ['pre-upgrade', 'post-upgrade'];

/** @throws APK_SCRIPT_UNKNOWN */
function readScripts(
  packages: readonly FetchedApk[],
  old: ReadonlyMap<string, ApkRecord>,
  notNeeded: readonly string[],
) {
  const skipped: SkippedScript[] = [];
  const accounts: AccountCommand[] = [];
  const refused = new Map<string, string>();
  for (const { found, file } of packages) {
    const isNew = !old.has(found.name);
    for (const script of [...(isNew ? onInstall : onUpgrade), 'trigger']) {
      const text = file.scripts.get(script);
      if (text === undefined) continue;
      const work = readScript(text);
      accounts.push(...work.accounts);
      if (work.unknown.length === 0) continue;
      skipped.push({ package: found.name, script });
      if (isNew && !emulated.has(found.name) && !notNeeded.includes(found.name))
        refused.set(found.name, `${found.name} (${script}: ${work.unknown[0]})`);
    }
  }
  if (refused.size === 0) return { skipped, accounts };
  const names = [...refused.keys()].join(', ');
  throw hardenErrors.error('APK_SCRIPT_UNKNOWN', {
    message: `${refused.size} packages want to run scripts, which is not done here: ${names}`,
    expected: 'packages whose scripts only add accounts, or do what an image does without',
    found: printable([...refused.values()].join('; '), 600),
    remedy: `If the image works without, set add.scriptsNotNeeded: [${names}].`,
  });
}

/** Who brought a file. */
type Owner = Pick<ApkRecord, 'name' | 'version' | 'replaces'>;

function ownersOf(records: readonly ApkRecord[]): Map<string, Owner> {
  return new Map(records.flatMap((one) => [...one.files.keys()].map((path) => [path, one] as const)));
}

/** Whether a package says that it takes over files of another. */
function isReplaced(owner: Owner, { info }: ApkFile): boolean {
  return (info.get('replaces') ?? []).some((text) => {
    const [, name, operator, value] = /^([^<>=~]+)(?:([<>=~]+)(.+))?$/.exec(text) ?? [];
    if (name !== owner.name) return false;
    return (
      value === undefined ||
      acceptsApk({ name, conflict: false, version: { operator: operator as '=', value } }, owner.version)
    );
  });
}

/** What an old version leaves behind: all but configuration that somebody changed. */
function oldFiles(fileSystem: FileSystem, record: ApkRecord | undefined): readonly string[] {
  return [...(record?.files ?? [])].flatMap(([path, checksum]) => {
    const parent = resolveWithLinks(fileSystem, `/${directoryOf(path)}`)?.node.path;
    if (parent === undefined) return [];
    const name = path.slice(path.lastIndexOf('/') + 1);
    const real = parent === '' ? name : `${parent}/${name}`;
    return isConfiguration(path) && digestAt(fileSystem, real) !== checksum ? [] : [real];
  });
}

/** apk protects `/etc`: what is there and is not as the old version brought it stays. */
function isChangedConfiguration(
  fileSystem: FileSystem,
  path: string,
  record: ApkRecord | undefined,
  checksum: string,
): boolean {
  if (!isConfiguration(path)) return false;
  const there = digestAt(fileSystem, path);
  return there !== undefined && there !== record?.files.get(path) && there !== checksum;
}

function isConfiguration(path: string): boolean {
  return path.startsWith('etc/');
}

function digestAt(fileSystem: FileSystem, path: string): string | undefined {
  const node = fileSystem.get(path);
  if (node === undefined || node.type === 'directory') return undefined;
  return node.type === 'symlink'
    ? q1(new TextEncoder().encode(node.linkname ?? ''))
    : q1(contentOf(fileSystem, path));
}

/** A record without files that another package took over. */
function withoutFiles({ text }: ApkRecord, taken: ReadonlySet<string>): string {
  if (taken.size === 0) return text;
  let directory = '';
  let skipping = false;
  return text
    .split('\n')
    .filter((line) => {
      const value = line.slice(2);
      if (line.startsWith('F:')) [directory, skipping] = [value, false];
      else if (line.startsWith('R:'))
        skipping = taken.has(directory === '' ? value : `${directory}/${value}`);
      else if (!/^[aZ]:/.test(line)) skipping = false;
      return !skipping;
    })
    .join('\n');
}

function conflict(path: string, name: string, owner: string) {
  return hardenErrors.error('HARDEN_ADD_CONFLICT', {
    message: `the package ${printable(name)} brings /${printable(path, 200)}, which belongs to the package ${printable(owner)}`,
    expected: 'a file of one package',
    found: 'two packages, of which neither replaces the other',
    remedy: 'Add one of the two packages only.',
  });
}

/** `/etc/apk/world`: what was asked for by name. */
function worldEntry(fileSystem: FileSystem, world: readonly string[]): readonly LayerEntry[] {
  if (world.length === 0) return [];
  const nameOf = (text: string) => text.replace(/[<>=~@].*$/, '');
  const asked = new Set(world.map(nameOf));
  const there = textAt(fileSystem, 'etc/apk/world')
    .split(/\s+/)
    .filter((word) => word !== '' && !asked.has(nameOf(word)));
  return [
    fileEntry(
      'etc/apk/world',
      [...there, ...world]
        .sort()
        .map((word) => `${word}\n`)
        .join(''),
    ),
  ];
}

function accountEntries(fileSystem: FileSystem, commands: readonly AccountCommand[]): readonly LayerEntry[] {
  if (commands.length === 0) return [];
  const before = {
    passwd: textAt(fileSystem, 'etc/passwd'),
    group: textAt(fileSystem, 'etc/group'),
    shadow: textAt(fileSystem, 'etc/shadow'),
  };
  const { files, homes } = addAccounts(before, commands);
  const changed = (['passwd', 'group', 'shadow'] as const).filter((name) => files[name] !== before[name]);
  return [
    ...changed.map((name): LayerEntry => {
      const { uid, gid, mode } = fileSystem.get(`etc/${name}`) ?? {
        ...metadata,
        mode: name === 'shadow' ? 0o640 : 0o644,
      };
      return { ...fileEntry(`etc/${name}`, files[name]), uid, gid, mode };
    }),
    ...homes
      .filter(({ path }) => fileSystem.resolve(path) === undefined)
      .map(
        ({ path, uid, gid }): LayerEntry => ({ ...metadata, type: 'directory', path, uid, gid, mode: 0o755 }),
      ),
  ];
}

/** What `busybox --install -s` does: a link for each applet that `/etc/busybox-paths.d` names and that is not there. */
function appletEntries(fileSystem: FileSystem): readonly LayerEntry[] {
  return fileSystem.list('etc/busybox-paths.d').flatMap((node) => {
    const binary = node.path.endsWith('/busybox') ? 'bin/busybox' : `bin/${node.path.split('/').at(-1)}`;
    if (fileSystem.resolve(binary)?.type !== 'file') return [];
    return textAt(fileSystem, node.path)
      .split('\n')
      .map((line) => line.trim().replace(/^\/+/, ''))
      .filter((path) => /^[\w./+[-]+$/.test(path) && !path.split('/').includes('..'))
      .filter((path) => fileSystem.get(path) === undefined && fileSystem.resolve(path) === undefined)
      .map(
        (path): LayerEntry => ({ ...metadata, path, type: 'symlink', mode: 0o777, linkname: `/${binary}` }),
      );
  });
}

/** What the trigger of ca-certificates does. */
function certificateEntries(fileSystem: FileSystem, packages: readonly FetchedApk[]): readonly LayerEntry[] {
  const brings = packages.some(
    ({ found, file }) =>
      found.name === 'ca-certificates' || file.data.get('usr/share/ca-certificates') !== undefined,
  );
  const bundle = brings ? certificateBundle(fileSystem) : null;
  return bundle === null ? [] : [bundle];
}
