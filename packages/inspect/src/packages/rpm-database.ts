import type { FileNode, FileSystem } from '../filesystem/types.ts';
import { type DatabaseFile, unreadableDatabase } from './database-content.ts';
import { berkeleyHeaders } from './rpm-berkeley.ts';
import { parseRpmHeader, type RpmHeader } from './rpm-header.ts';
import { readRpmManifest, rpmManifest } from './rpm-manifest.ts';
import { ndbHeaders } from './rpm-ndb.ts';
import { sqliteHeaders } from './rpm-sqlite.ts';

/** Where distributions have it, or a link to it; the last is rpm-ostree's. */
const directories = ['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm'];
/** What SQLite has written and not yet put into the database itself; a layer may be made between the two. */
const logEnding = '-wal';

type Headers = (file: DatabaseFile, log: DatabaseFile | undefined) => Iterable<Uint8Array>;

/** How a database is written; `manifest`: the list that stands for one. */
export type RpmFormat = 'SQLite' | 'ndb' | 'Berkeley DB' | 'manifest';

/** In the order in which rpm looks for them, since 4.16 (`lib/backend/dbi.c`). */
const formats: readonly (readonly [string, RpmFormat, Headers])[] = [
  ['rpmdb.sqlite', 'SQLite', sqliteHeaders],
  ['Packages.db', 'ndb', ndbHeaders],
  ['Packages', 'Berkeley DB', berkeleyHeaders],
];
const candidates = formats.flatMap(([name, format, headers]) =>
  directories.map((directory) => ({ path: `${directory}/${name}`, format, headers })),
);
const paths = new Set(candidates.flatMap(({ path }) => [path, `${path}${logEnding}`]));

/** What all packages of a database may claim together: honest ones are far below. */
const limits = { packages: 50_000, names: 2_000_000 };

export function isRpmDatabase(path: string): boolean {
  return paths.has(path) || path === rpmManifest;
}

/** Whether an image has a database of rpm, in whatever state, or a manifest in its place. */
export function hasRpmDatabase(fileSystem: FileSystem): boolean {
  return [...candidates, { path: rpmManifest }].some(({ path }) => fileSystem.resolve(path) !== undefined);
}

/** rpm's database in an image. */
export interface RpmDatabase {
  readonly file: FileNode;
  readonly format: RpmFormat;
  /** What SQLite has written and not yet put into the file. */
  readonly log: FileNode | undefined;
  /** Others, which rpm does not look at. */
  readonly ignored: readonly FileNode[];
  readonly headers: readonly RpmHeader[];
}

/**
 * rpm's database, in any of its three formats. Where there are several, SQLite is before ndb, and ndb before Berkeley
 * DB; but one without packages, as a foreign rpm leaves behind, hides none that has some. Where none has any, the manifest
 * of a distroless image.
 *
 * @returns undefined where the image has none
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function readRpmDatabase(fileSystem: FileSystem): RpmDatabase | undefined {
  const found = new Map<FileNode, (typeof candidates)[number]>();
  for (const candidate of candidates) {
    const file = fileSystem.resolve(candidate.path);
    if (file !== undefined && !found.has(file)) found.set(file, candidate);
  }
  let empty: RpmDatabase | undefined;
  for (const [file, { format, headers: read }] of found) {
    const ignored = [...found.keys()].filter((other) => other !== file);
    const log = fileSystem.resolve(`${file.path}${logEnding}`);
    const database = { file, format, log, ignored, headers: parsed(file, read(file, log)) };
    if (database.headers.length > 0) return database;
    empty ??= database;
  }
  const manifest = fileSystem.resolve(rpmManifest);
  if (manifest === undefined) return empty;
  const headers = readRpmManifest(manifest);
  return { file: manifest, format: 'manifest', log: undefined, ignored: [...found.keys()], headers };
}

function parsed(file: DatabaseFile, blobs: Iterable<Uint8Array>): RpmHeader[] {
  const headers: RpmHeader[] = [];
  let names = 0;
  for (const blob of blobs) {
    const header = parseRpmHeader(blob);
    if (header === undefined) throw unreadableDatabase(file, 'it holds a package that cannot be read');
    headers.push(header);
    if (headers.length > limits.packages)
      throw unreadableDatabase(file, `more than ${limits.packages} packages`);
    names += header.files.length + header.requires.length + header.provides.length;
    if (names > limits.names)
      throw unreadableDatabase(file, `its packages name more than ${limits.names} files and relations`);
  }
  return headers;
}
