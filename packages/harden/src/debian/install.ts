import { printable } from '@pratique/errors';
import {
  type FileSystem,
  type LayerContents,
  type LayerEntry,
  mergeLayers,
  readRootArchive,
} from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { certificateBundle } from '../image/certificates.ts';
import { fileEntry, layerOf, metadata, textAt } from '../image/entries.ts';
import { resolveWithLinks } from '../reach/resolve.ts';
import type { PackageDatabase } from '../strip/installed.ts';
import type { Deb } from './deb.ts';
import type { AptPackage } from './package-index.ts';
import { unknownLines } from './scripts.ts';

/** A package with its file, verified. */
export interface FetchedPackage {
  readonly found: AptPackage;
  readonly deb: Deb;
}

/** A maintainer script that was not run: nothing in it is needed in an image, as far as can be told. */
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
}

const everything = { id: 'everything-1', keep: () => 'whole' as const };
const scripts = ['preinst', 'postinst'];

/**
 * Unpacks packages over an image, as dpkg would, without running anything: files of the old version go, configuration
 * that is there stays, directories that the image has as links stay links, and the database says what is installed.
 * Certificates of authorities are bundled. A new package with a script that does more than debhelper’s usual is refused:
 * what it would have done is not known.
 *
 * @throws DEB_INVALID, DEB_SCRIPT_UNKNOWN
 */
export async function installPackages(
  fileSystem: FileSystem,
  database: PackageDatabase | null,
  packages: readonly FetchedPackage[],
  options: InstallOptions,
): Promise<InstalledResult> {
  const skipped: SkippedScript[] = [];
  const refused = new Map<string, string>();
  const layers: LayerContents[] = [];
  /** Of old versions: files and records. They go before anything comes, since a file may move between packages. */
  const gone = new Set<string>();
  const paragraphs = new Map<string, string>();
  for (const { found, deb } of packages) {
    const old = database?.packages.find(
      ({ name, architecture }) => name === found.name && isSame(architecture, found),
    );
    const control = await unpack(deb.control, found.name);
    const read = (name: string) => textAt(control, name);
    for (const script of scripts) {
      const text = read(script);
      if (text === '') continue;
      const unknown = unknownLines(text);
      const isKnown = options.scriptsNotNeeded.includes(found.name) || emulated.has(found.name);
      if (old === undefined && unknown.length > 0 && !isKnown)
        refused.set(found.name, `${found.name} (${script}: ${unknown[0]})`);
      if (unknown.length > 0) skipped.push({ package: found.name, script });
    }
    const current = layers.length === 0 ? fileSystem : mergeLayers([...fileSystem.layers, ...layers]);
    const conffiles = new Set(
      read('conffiles')
        .split('\n')
        .map((line) => line.trim().replace(/^\//, '')),
    );
    const data = await unpack(deb.data, found.name);
    const own = data.layers[0]!;
    const entries = own.entries.filter((entry) => {
      const there = resolveWithLinks(current, `/${entry.path}`);
      if (entry.path === '') return false;
      if (entry.type === 'directory') return there?.node.type !== 'directory';
      return !(conffiles.has(entry.path) && there !== undefined);
    });
    for (const path of [...(old?.files ?? []), ...(old?.records ?? [])])
      if (!isConfiguration(path)) gone.add(path);
    const list = own.entries.map(({ path }) => (path === '' ? '/.' : `/${path}`));
    const prefix = `var/lib/dpkg/info/${recordName(found)}`;
    layers.push(
      layerOf([
        fileEntry(`${prefix}.list`, `${list.join('\n')}\n`),
        ...(read('md5sums') === '' ? [] : [fileEntry(`${prefix}.md5sums`, read('md5sums'))]),
        ...(read('conffiles') === '' ? [] : [fileEntry(`${prefix}.conffiles`, read('conffiles'))]),
      ]),
      { ...own, entries },
    );
    const written = read('control').trim();
    if (!/^Package: */m.test(written))
      throw hardenErrors.error('DEB_INVALID', { message: `the package ${found.name} has no control file` });
    paragraphs.set(found.name, written.replace(/^(Package: .*)$/m, '$1\nStatus: install ok installed'));
  }
  if (refused.size > 0) throw scriptsUnknown(refused);
  layers.push(
    layerOf([
      statusEntry(fileSystem, paragraphs),
      { ...metadata, path: 'etc/ld.so.cache', type: 'whiteout' },
    ]),
  );
  const removed = [...gone].map((path): LayerEntry => ({ ...metadata, path, type: 'whiteout' }));
  const merged = mergeLayers([...fileSystem.layers, layerOf(removed), ...layers]);
  const certificates = certificateBundle(merged);
  return {
    fileSystem: certificates === null ? merged : mergeLayers([...merged.layers, layerOf([certificates])]),
    skipped,
  };
}

function scriptsUnknown(refused: ReadonlyMap<string, string>) {
  const names = [...refused.keys()].join(', ');
  return hardenErrors.error('DEB_SCRIPT_UNKNOWN', {
    message: `${refused.size} packages want to run scripts, which is not done here: ${names}`,
    expected: 'packages whose scripts only do what an image does without',
    found: printable([...refused.values()].join('; '), 600),
    remedy: `If the image works without, set add.scriptsNotNeeded: [${names}].`,
  });
}

/** Packages whose scripts’ work is done here. */
const emulated = new Set(['ca-certificates']);

function isSame(architecture: string, found: AptPackage): boolean {
  return architecture === found.architecture || architecture === 'all' || found.architecture === 'all';
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
  const path = 'var/lib/dpkg/status';
  const kept = textAt(fileSystem, path)
    .split(/\n{2,}/)
    .filter((block) => block.trim() !== '' && !paragraphs.has(/^Package: *(\S+)/m.exec(block)?.[1] ?? ''));
  return fileEntry(path, [...kept, ...paragraphs.values()].map((block) => `${block.trimEnd()}\n\n`).join(''));
}
