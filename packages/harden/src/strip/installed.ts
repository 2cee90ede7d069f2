import { printable } from '@pratique/errors';
import type { FileNode, FileSystem } from '@pratique/inspect';
import { apkDirectory } from '../alpine/place.ts';
import { ControlError, paragraphs } from '../debian/control.ts';
import { parseRelations, RelationError, type Relations } from '../debian/relations.ts';
import { hardenErrors } from '../errors.ts';
import { directoryOf, resolveWithLinks } from '../reach/resolve.ts';

/** A package of the image’s package manager, with what decides whether it may go. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The distribution holds that no system works without it. */
  readonly essential: boolean;
  readonly depends: Relations;
  readonly provides: Relations;
  /** Paths it brought that are there, and are no directories; each where it really lies, symbolic links followed. */
  readonly files: readonly string[];
  /** Paths of its records in the package database. */
  readonly records: readonly string[];
}

/** The package database of an image. */
export interface PackageDatabase {
  readonly manager: 'dpkg' | 'apk';
  readonly packages: readonly InstalledPackage[];
}

const maxDatabaseBytes = 256 * 1024 * 1024;
const maxPackages = 50_000;
const dpkg = 'var/lib/dpkg';

/**
 * Reads the package database of an image: dpkg’s (`status`, which is empty where nothing was installed yet, or
 * `status.d` as distroless images have it), or apk’s. None is null.
 *
 * @throws HARDEN_DATABASE_INVALID
 */
export function readDatabase(fileSystem: FileSystem): PackageDatabase | null {
  const status = fileSystem.resolve(`${dpkg}/status`);
  const parts = fileSystem
    .list(`${dpkg}/status.d`)
    .filter(({ type, path }) => type === 'file' && !path.endsWith('.md5sums'));
  if (status?.type === 'file' || parts.length > 0) {
    return wellFormed(() => ({
      manager: 'dpkg',
      packages: [...whole(fileSystem, contentOf(status)), ...single(fileSystem, parts)],
    }));
  }
  const directory = apkDirectory(fileSystem);
  const apk = directory === undefined ? undefined : fileSystem.resolve(`${directory}/installed`);
  return apk === undefined
    ? null
    : wellFormed(() => ({ manager: 'apk', packages: readApk(fileSystem, contentOf(apk)) }));
}

function whole(fileSystem: FileSystem, status: string): readonly InstalledPackage[] {
  const packages: InstalledPackage[] = [];
  for (const control of paragraphs(status)) {
    // Removed, but its configuration is kept: no package any more. One that is unpacked and not configured is.
    if (/ (not-installed|config-files)$/.test(control.get('status') ?? '')) continue;
    const name = control.get('package') ?? '';
    const architecture = control.get('architecture') ?? '';
    const prefixes = [`${dpkg}/info/${name}.`, `${dpkg}/info/${name}:${architecture}.`];
    const records = prefixes.flatMap((prefix) => recordsAt(fileSystem, prefix));
    const list = records.find((path) => path.endsWith('.list'));
    if (list === undefined) throw invalid(`dpkg has no list of the files of ${name}`);
    packages.push({
      ...fromControl(control),
      files: present(fileSystem, contentOf(fileSystem.get(list)).split('\n')),
      records,
    });
    if (packages.length > maxPackages) throw invalid(`more than ${maxPackages} packages`);
  }
  return packages;
}

function recordsAt(fileSystem: FileSystem, prefix: string): readonly string[] {
  return [
    'list',
    'md5sums',
    'conffiles',
    'preinst',
    'postinst',
    'prerm',
    'postrm',
    'triggers',
    'shlibs',
    'symbols',
    'templates',
    'config',
  ]
    .map((ending) => `${prefix}${ending}`)
    .filter((path) => fileSystem.get(path) !== undefined);
}

/** One file a package: the control paragraph, and beside it the digests of what it brought. */
function single(fileSystem: FileSystem, parts: readonly FileNode[]): readonly InstalledPackage[] {
  return parts.flatMap((node) =>
    [...paragraphs(contentOf(node))].map((control) => {
      const sums = fileSystem.get(`${node.path}.md5sums`);
      const paths = contentOf(sums)
        .split('\n')
        .map((line) => line.replace(/^[0-9a-f]{32}\s+/, '/'));
      return {
        ...fromControl(control),
        files: present(fileSystem, paths),
        records: [node.path, ...(sums === undefined ? [] : [sums.path])],
      };
    }),
  );
}

function fromControl(control: ReadonlyMap<string, string>) {
  const relations = (...names: readonly string[]) =>
    names.flatMap((name) => parseRelations(control.get(name) ?? ''));
  return {
    name: control.get('package') ?? '',
    version: control.get('version') ?? '',
    architecture: control.get('architecture') ?? '',
    essential: control.get('essential') === 'yes',
    depends: relations('pre-depends', 'depends'),
    provides: relations('provides'),
  };
}

/** apk’s database (apk-tools `apk_db_read`): a line a field, packages apart by an empty line. */
function readApk(fileSystem: FileSystem, text: string): readonly InstalledPackage[] {
  const packages: InstalledPackage[] = [];
  for (const block of text.split('\n\n')) {
    const fields = new Map<string, string>();
    const paths: string[] = [];
    let directory = '';
    for (const line of block.split('\n')) {
      const [kind, value] = [line.slice(0, 1), line.slice(2)];
      if (line.slice(1, 2) !== ':') continue;
      if (kind === 'F') directory = value;
      else if (kind === 'R') paths.push(`/${directory}/${value}`);
      else fields.set(kind, value);
    }
    const name = fields.get('P');
    if (name === undefined) continue;
    packages.push({
      name,
      version: fields.get('V') ?? '',
      architecture: fields.get('A') ?? '',
      essential: false,
      depends: apkRelations(fields.get('D') ?? ''),
      provides: [...apkRelations(fields.get('p') ?? '')],
      files: present(fileSystem, paths),
      records: [],
    });
    if (packages.length > maxPackages) throw invalid(`more than ${maxPackages} packages`);
  }
  return packages;
}

/** Names only: which version would do was settled when it was installed. `!name` is a conflict. */
function apkRelations(field: string): Relations {
  return field
    .split(' ')
    .map((item) => item.replace(/[<>=~].*$/, ''))
    .filter((item) => item !== '' && !item.startsWith('!'))
    .map((name) => [{ name, architecture: null, version: null }]);
}

/**
 * Where listed paths really lie, of those that are there and no directories. A path that others lie below is a
 * directory to its package, also where the image has made a link of it (`/bin` → `usr/bin`).
 */
function present(fileSystem: FileSystem, paths: readonly string[]): readonly string[] {
  const directories = new Set(paths.map((path) => `/${directoryOf(path.slice(1))}`));
  const found = new Set<string>();
  for (const path of paths) {
    if (path === '' || path === '/.' || directories.has(path)) continue;
    const parent = resolveWithLinks(fileSystem, `/${directoryOf(path.slice(1))}`);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const real = parent === undefined || parent.node.path === '' ? name : `${parent.node.path}/${name}`;
    const node = fileSystem.get(real);
    if (node !== undefined && node.type !== 'directory') found.add(real);
  }
  return [...found];
}

function contentOf(node: FileNode | undefined): string {
  if (node?.content === undefined) return '';
  if (node.content.size > maxDatabaseBytes)
    throw invalid(`${node.path} is larger than ${maxDatabaseBytes} bytes`);
  return new TextDecoder().decode(node.content.read(0, node.content.size));
}

function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ControlError) && !(cause instanceof RelationError)) throw cause;
    throw invalid(cause.message);
  }
}

function invalid(why: string) {
  return hardenErrors.error('HARDEN_DATABASE_INVALID', {
    message: `the package database cannot be read: ${printable(why, 200)}`,
  });
}
