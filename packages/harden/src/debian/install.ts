import { printable } from '@pratique/errors';
import {
  controlBlocks,
  dpkgDirectory,
  type FileSystem,
  type LayerContents,
  type LayerEntry,
  mergeLayers,
  parseParagraph,
  readRootArchive,
} from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { certificateBundle } from '../image/certificates.ts';
import { fileEntry, layerOf, metadata, textAt } from '../image/entries.ts';
import { javaKeystore } from '../image/java-keystore.ts';
import { resolveWithLinks } from '../reach/resolve.ts';
import { type PackageDatabase, recordKinds } from '../strip/installed.ts';
import type { Deb } from './deb.ts';
import type { AptPackage } from './package-index.ts';
import { placingOf } from './placing.ts';
import { Changes } from './scripts/changes.ts';
import type { NotMade } from './scripts/first-start.ts';
import { emulated, followScript, type Maintained } from './scripts/maintainer.ts';
import { triggerRecords } from './trigger-records.ts';
import { installedTriggers, parseTriggers, runTriggers, type TriggeredPackage } from './triggers.ts';

/** A package with its file, verified. */
export interface FetchedPackage {
  readonly found: AptPackage;
  readonly deb: Deb;
}

/** A maintainer script whose work was not done: of an upgraded package, or because the settings say that it is not needed. */
export interface SkippedScript {
  readonly package: string;
  readonly script: string;
}

export interface InstallOptions {
  /** Packages whose scripts the user knows not to be needed. */
  readonly scriptsNotNeeded: readonly string[];
}

export interface InstalledResult {
  readonly fileSystem: FileSystem;
  readonly skipped: readonly SkippedScript[];
  readonly notMade: readonly NotMadeBy[];
}

/** What the scripts of a package would have made of keys and data, and whoever starts the image has to. */
export interface NotMadeBy extends NotMade {
  readonly package: string;
}

const everything = { id: 'everything-1', keep: () => 'whole' as const };

/**
 * Unpacks packages over an image, as dpkg would, without running anything: files of the old version go, configuration
 * that is there stays, directories that the image has as links stay links, and the database says what is installed.
 * Certificates of authorities are bundled. What maintainer scripts would do is done here as far as it is known, and so is
 * what triggers would; a new package whose script does more is refused, and so is a trigger.
 *
 * @throws DEB_INVALID, DEB_SCRIPT_UNKNOWN, DEB_TRIGGER_UNKNOWN
 */
export async function installPackages(
  fileSystem: FileSystem,
  database: PackageDatabase | null,
  packages: readonly FetchedPackage[],
  options: InstallOptions,
): Promise<InstalledResult> {
  const skipped: SkippedScript[] = [];
  const notMade: NotMadeBy[] = [];
  const refused = new Map<string, string>();
  const unpacked = await Promise.all(
    inOrder(packages).map(async ({ found, deb }) => {
      const old = database?.packages.find(
        ({ name, architecture }) => name === found.name && isSame(architecture, found),
      );
      const control = await unpack(deb.control, found.name);
      const read = (name: string) => textAt(control, name);
      const triggers = parseTriggers(read('triggers'), found.name);
      return { found, deb, old, name: found.name, version: old?.version ?? null, read, triggers };
    }),
  );
  const own = (one: { readonly architecture: string }) => one.architecture !== 'all';
  const { architecture } = unpacked.map(({ found }) => found).find(own) ??
    database?.packages.find(own) ?? { architecture: 'amd64' };
  const follow = (script: 'preinst' | 'postinst', changes: Changes): void => {
    // In the order in which they are configured.
    const waiting = new Set(unpacked.map((one) => one.name));
    for (const { name, version, read } of unpacked) {
      const stateOf = (other: string) =>
        other === name ? 'half-configured' : waiting.has(other) ? 'unpacked' : 'installed';
      const isNotNeeded = options.scriptsNotNeeded.includes(name);
      const one: Maintained = { name, old: version, architecture, read, stateOf };
      const why = isNotNeeded || emulated.has(name) ? null : followScript(script, one, changes);
      if (why !== null && version === null) refused.set(name, `${name} (${script}: ${why})`);
      waiting.delete(name);
      for (const one of changes.takeNotMade()) notMade.push({ package: name, ...one });
      if (why !== null || (isNotNeeded && read(script) !== '')) skipped.push({ package: name, script });
    }
  };
  const prepared = new Changes(fileSystem);
  follow('preinst', prepared);
  const start = withLayers(fileSystem, prepared.layers());
  const placing = placingOf(prepared);
  const layers: LayerContents[] = [];
  /** Of old versions: files and records. They go before anything comes, since a file may move between packages. */
  const gone = new Set<string>();
  const paragraphs = new Map<string, string>();
  const changed = unpacked.flatMap(({ old }) => old?.files ?? []);
  for (const { found, deb, old, read } of unpacked) {
    const current = withLayers(start, layers);
    const conffiles = new Set(
      read('conffiles')
        .split('\n')
        .map((line) => line.trim().replace(/^\//, '')),
    );
    const data = await unpack(deb.data, found.name);
    const own = data.layers[0]!;
    const placed = own.entries.map((entry) => placing(entry, found.name));
    const entries = placed.filter((entry) => {
      const there = resolveWithLinks(current, `/${entry.path}`);
      if (entry.path === '') return false;
      if (entry.type === 'directory') return there?.node.type !== 'directory';
      return !(conffiles.has(entry.path) && there !== undefined);
    });
    for (const path of [
      ...(old?.files ?? []).map((one) => placing.path(one, found.name)),
      ...(old?.records ?? []),
    ])
      if (!isConfiguration(path)) gone.add(path);
    for (const { path, type } of own.entries) if (type !== 'directory') changed.push(path);
    const list = own.entries.map(({ path }) => (path === '' ? '/.' : `/${path}`));
    layers.push(
      layerOf(recordEntries(found, (kind) => (kind === 'list' ? `${list.join('\n')}\n` : read(kind)))),
      { ...own, entries },
    );
    const written = read('control').trim();
    if (!/^Package: */m.test(written))
      throw hardenErrors.error('DEB_INVALID', { message: `the package ${found.name} has no control file` });
    paragraphs.set(found.name, written.replace(/^(Package: .*)$/m, '$1\nStatus: install ok installed'));
  }
  layers.push(layerOf([statusEntry(fileSystem, paragraphs)]));
  const removed = [...gone].map((path): LayerEntry => ({ ...metadata, path, type: 'whiteout' }));
  const merged = mergeLayers([...start.layers, layerOf(removed), ...layers]);
  const configured = new Changes(merged);
  follow('postinst', configured);
  if (refused.size > 0) throw scriptsUnknown(refused);
  const fresh = unpacked.map(({ found, triggers, version, read }): TriggeredPackage => {
    const { name } = found;
    return { name, recordName: recordName(found), isFresh: true, triggers, old: version, architecture, read };
  });
  const staying = (database?.packages ?? []).filter((one) => !unpacked.some(({ old }) => old === one));
  const configuredAll = withLayers(merged, configured.layers());
  const afterTriggers = runTriggers(
    configuredAll,
    [...staying.map((one) => installedTriggers(configuredAll, one)), ...fresh],
    {
      paths: changed.map((path) => `/${path}`),
      names: new Set([
        ...unpacked.flatMap(({ triggers }) => triggers.activates),
        ...prepared.takeActivated(),
        ...configured.takeActivated(),
      ]),
    },
    options.scriptsNotNeeded,
  );
  skipped.push(...afterTriggers.skipped);
  notMade.push(...afterTriggers.notMade);
  const records = triggerRecords(afterTriggers.fileSystem, fresh);
  const result = withLayers(afterTriggers.fileSystem, records.length === 0 ? [] : [layerOf(records)]);
  const made = [certificateBundle(result), javaKeystore(result)].filter((entry) => entry !== null);
  return { fileSystem: withLayers(result, made.length === 0 ? [] : [layerOf(made)]), skipped, notMade };
}

function withLayers(fileSystem: FileSystem, layers: readonly LayerContents[]): FileSystem {
  return layers.length === 0 ? fileSystem : mergeLayers([...fileSystem.layers, ...layers]);
}

/** What a package depends on comes before it. */
function inOrder(packages: readonly FetchedPackage[]): readonly FetchedPackage[] {
  const byName = new Map(packages.map((one) => [one.found.name, one]));
  const ordered = new Set<FetchedPackage>();
  const entered = new Set<string>();
  const visit = (one: FetchedPackage): void => {
    if (entered.has(one.found.name)) return;
    entered.add(one.found.name);
    for (const { name } of one.found.depends.flat()) {
      const needed = byName.get(name);
      if (needed !== undefined) visit(needed);
    }
    ordered.add(one);
  };
  for (const one of packages) visit(one);
  return [...ordered];
}

function scriptsUnknown(refused: ReadonlyMap<string, string>) {
  const names = [...refused.keys()].join(', ');
  return hardenErrors.error('DEB_SCRIPT_UNKNOWN', {
    message: `${refused.size} packages have scripts that do what is not known here: ${names}`,
    expected: 'packages whose scripts do what is known here, or what an image does without',
    found: printable([...refused.values()].join('; '), 600),
    remedy: `If the image works without, set add.scriptsNotNeeded: [${names}].`,
  });
}

function isSame(architecture: string, found: AptPackage): boolean {
  return architecture === found.architecture || architecture === 'all' || found.architecture === 'all';
}

/** What dpkg keeps of a package beside its paragraph (`/var/lib/dpkg/info`). */
function recordEntries(found: AptPackage, read: (kind: string) => string): readonly LayerEntry[] {
  return recordKinds.flatMap((kind) => {
    const text = read(kind);
    if (text === '') return [];
    const entry = fileEntry(`${dpkgDirectory}/info/${recordName(found)}.${kind}`, text);
    return [/^(pre|post)(inst|rm)$|^config$/.test(kind) ? { ...entry, mode: 0o755 } : entry];
  });
}

function recordName({ name, architecture, control }: AptPackage): string {
  return control.get('multi-arch') === 'same' ? `${name}:${architecture}` : name;
}

function isConfiguration(path: string): boolean {
  return path.startsWith('etc/');
}

async function unpack(tar: Uint8Array, name: string): Promise<FileSystem> {
  try {
    return await readRootArchive(chunks(tar), { keep: everything });
  } catch (cause) {
    throw hardenErrors.error('DEB_INVALID', {
      message: `the package ${printable(name)} cannot be unpacked`,
      cause,
    });
  }
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1024 * 1024) yield bytes.subarray(at, at + 1024 * 1024);
}

/** The status of dpkg with these packages in the place of their old versions. */
function statusEntry(fileSystem: FileSystem, paragraphs: ReadonlyMap<string, string>): LayerEntry {
  const path = `${dpkgDirectory}/status`;
  const kept = [...controlBlocks(textAt(fileSystem, path))].filter(
    (block) => !paragraphs.has(parseParagraph(block).get('package') ?? ''),
  );
  return fileEntry(path, [...kept, ...paragraphs.values()].map((block) => `${block.trimEnd()}\n\n`).join(''));
}
