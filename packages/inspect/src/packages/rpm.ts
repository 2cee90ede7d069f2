import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { FileNode } from '../filesystem/types.ts';
import type { Cataloger } from './cataloger.ts';
import { databaseContent, unreadableDatabase } from './database-content.ts';
import { formatPurl } from './format-purl.ts';
import { parseRpmHeader, type RpmHeader } from './rpm-header.ts';

const directories = ['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm'];
const sqlite = directories.map((directory) => `${directory}/rpmdb.sqlite`);
/** What SQLite has written and not yet put into the database itself; a layer may be made between the two. */
const logs = sqlite.map((path) => `${path}-wal`);
const others = directories.flatMap((directory) => [`${directory}/Packages`, `${directory}/Packages.db`]);

/** The packages of Fedora, Red Hat, SUSE and their kin: rpm's database in SQLite, as rpm writes it since 4.16. */
export const rpmCataloger: Cataloger = {
  keep: ({ path }) => (sqlite.includes(path) || logs.includes(path) ? 'whole' : undefined),

  find({ fileSystem, distro, layerOf }) {
    const found = (paths: readonly string[]) =>
      paths.map((path) => fileSystem.resolve(path)).find((one) => one !== undefined);
    const node = found(sqlite);
    if (node === undefined) {
      // Saying "no packages" of an image that has them would be worse than saying nothing.
      const old = found(others);
      if (old !== undefined)
        throw unreadableDatabase(old, 'rpm databases of Berkeley DB and ndb are not supported');
      return [];
    }
    return headers(node, fileSystem.resolve(`${node.path}-wal`))
      .filter(({ name }) => name !== 'gpg-pubkey')
      .map((header) => {
        const { name, architecture, sourceRpm } = header;
        const epoch = header.epoch === undefined ? '' : `${header.epoch}:`;
        const version = `${epoch}${header.version}-${header.release}`;
        const [, sourceName, sourceVersion] =
          /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(sourceRpm ?? '') ?? [];
        return {
          package: {
            type: 'rpm' as const,
            name,
            version,
            architecture,
            ...(sourceName === undefined || sourceVersion === undefined
              ? {}
              : // The name of a source package has no epoch in it. What is built from it has the same one, or none.
                {
                  source: { name: sourceName, version: `${header.epoch ? epoch : ''}${sourceVersion}` },
                }),
            purl: formatPurl({ type: 'rpm', name, version, architecture, distro, upstream: sourceRpm }),
            distro,
            licenses: header.license === undefined ? [] : [header.license],
            supplier: header.vendor,
            location: { path: node.path, layer: layerOf(node) },
          },
          files: header.files.map((path) => path.replace(/^\//, '')),
          needs: header.requires.filter((need) => !need.startsWith('rpmlib(')).map((need) => [need]),
          provides: [...header.provides, ...header.files],
        };
      });
  },
};

function headers(node: FileNode, log: FileNode | undefined): RpmHeader[] {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-rpm-'));
  try {
    const file = join(directory, 'rpmdb.sqlite');
    writeFileSync(file, databaseContent(node), { mode: 0o600 });
    if (log !== undefined) writeFileSync(`${file}-wal`, databaseContent(log), { mode: 0o600 });
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      return database
        .prepare('SELECT blob FROM Packages')
        .all()
        .map(({ blob }) => {
          const header = blob instanceof Uint8Array ? parseRpmHeader(blob) : undefined;
          if (header === undefined) throw unreadableDatabase(node, 'it holds a package that cannot be read');
          return header;
        });
    } finally {
      database.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SQLITE_ERROR') throw error;
    throw unreadableDatabase(node, 'it is not an SQLite database, or damaged', error);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
