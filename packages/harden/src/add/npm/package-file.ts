import { isJsonObject, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { type FileSystem, type LayerEntry, readRootArchive } from '@pratique/inspect';
import { hardenErrors } from '../../errors.ts';
import { metadata } from '../../image/entries.ts';

/** A package of npm, unpacked. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** By the name of the command: path in the package. */
  readonly bin: ReadonlyMap<string, string>;
  /** Names of what it needs to run and does not bring itself. */
  readonly needs: readonly string[];
  /** Lifecycle scripts that npm would run when it is installed. */
  readonly scripts: readonly string[];
  readonly tree: FileSystem;
  /** What the tree has at its top: `package`, in all but old ones. */
  readonly top: string;
}

const maxJsonBytes = 4 * 1024 * 1024;
const everything = { id: 'everything-1', keep: () => 'whole' as const };
const lifecycle = ['preinstall', 'install', 'postinstall'];

/** Whether a text is a name npm gives to packages (validate-npm-package-name, without what was allowed long ago). */
export function isPackageName(name: string): boolean {
  return (
    name.length <= 214 &&
    /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name) &&
    name !== 'node_modules'
  );
}

/**
 * Opens a package’s tar. Nothing of it is believed: it must be the package it was fetched as.
 *
 * @throws HARDEN_ADD_UNUSABLE, and what reading archives throws
 */
export async function openNpmPackage(bytes: Uint8Array, name: string, version: string): Promise<NpmPackage> {
  const label = `${name}@${version}`;
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += 1024 * 1024) yield bytes.subarray(at, at + 1024 * 1024);
  };
  const tree = await readRootArchive(chunks(), { keep: everything });
  const [top, ...more] = tree.list('/');
  if (top?.type !== 'directory' || more.length > 0) throw unusable(label, 'has no one directory at its top');
  const content = tree.get(`${top.path}/package.json`)?.content;
  if (content === undefined || content.size > maxJsonBytes) throw unusable(label, 'has no package.json');
  let document: unknown;
  try {
    document = parseJson(content.read(0, content.size), 'package.json', { maxBytes: maxJsonBytes });
  } catch (cause) {
    throw unusable(label, 'has a package.json that cannot be read', cause);
  }
  if (!isJsonObject(document) || document.name !== name || document.version !== version)
    throw unusable(label, 'says it is another package');
  const scripts = isJsonObject(document.scripts) ? Object.keys(document.scripts) : [];
  const bundled = document.bundleDependencies ?? document.bundledDependencies;
  const brought = Array.isArray(bundled) ? bundled : [];
  const needed = isJsonObject(document.dependencies) ? Object.keys(document.dependencies) : [];
  return {
    name,
    version,
    bin: binOf(document.bin, name, label),
    needs: bundled === true ? [] : needed.filter((one) => !brought.includes(one)),
    scripts: lifecycle.filter((script) => scripts.includes(script)),
    tree,
    top: top.path,
  };
}

function binOf(bin: unknown, name: string, label: string): ReadonlyMap<string, string> {
  const own = name.slice(name.lastIndexOf('/') + 1);
  const all = typeof bin === 'string' ? { [own]: bin } : isJsonObject(bin) ? bin : {};
  const found = new Map<string, string>();
  for (const [command, target] of Object.entries(all)) {
    const parts =
      typeof target === 'string' ? target.split('/').filter((part) => part !== '' && part !== '.') : [];
    // A name with a slash, or a path that leads out, would be a link to anywhere.
    if (!/^[\w@.~+-]+$/.test(command) || /^\.+$/.test(command) || parts.length === 0 || parts.includes('..'))
      throw unusable(label, `has a command that is none: ${printable(command, 80)}`);
    found.set(command, parts.join('/'));
  }
  return found;
}

/**
 * The files of a package in `directory`, and the links to its commands in `binDirectory`. Owned by root, whatever the
 * archive says, and modes say only what can be run. Links in packages are left out, as npm does.
 */
export function packageEntries(
  one: NpmPackage,
  directory: string,
  binDirectory: string,
): readonly LayerEntry[] {
  const commands = new Set(one.bin.values());
  const entries: LayerEntry[] = [{ ...metadata, type: 'directory', path: directory, mode: 0o755 }];
  for (const node of one.tree.nodes()) {
    if (node.path === one.top || (node.type !== 'file' && node.type !== 'directory')) continue;
    const inside = node.path.slice(one.top.length + 1);
    const runs = node.type === 'directory' || (node.mode & 0o111) !== 0 || commands.has(inside);
    entries.push({
      ...metadata,
      type: node.type,
      path: `${directory}/${inside}`,
      mode: runs ? 0o755 : 0o644,
      size: node.size,
      ...(node.content === undefined ? {} : { content: node.content }),
    });
  }
  for (const [command, target] of one.bin) {
    if (one.tree.get(`${one.top}/${target}`)?.type !== 'file') continue;
    const linkname = relative(binDirectory, `${directory}/${target}`);
    entries.push({ ...metadata, type: 'symlink', path: `${binDirectory}/${command}`, mode: 0o777, linkname });
  }
  return entries;
}

function relative(from: string, to: string): string {
  const [a, b] = [from.split('/'), to.split('/')];
  let shared = 0;
  while (shared < a.length && a[shared] === b[shared]) shared++;
  return [...a.slice(shared).map(() => '..'), ...b.slice(shared)].join('/');
}

function unusable(label: string, why: string, cause?: unknown) {
  return hardenErrors.error('HARDEN_ADD_UNUSABLE', {
    message: `the package ${printable(label, 200)} ${why}`,
    cause,
  });
}
