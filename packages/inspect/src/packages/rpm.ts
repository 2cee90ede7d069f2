import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { printable } from '@pratique/errors';
import type { ByteSource } from '@pratique/oci';
import { inspectErrors } from '../errors.ts';
import type { Cataloger } from './cataloger.ts';
import { formatPurl } from './format-purl.ts';
import { parseRpmHeader, type RpmHeader } from './rpm-header.ts';

const directories = ['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm'];
const sqlite = directories.map((directory) => `${directory}/rpmdb.sqlite`);
/** What SQLite has written and not yet put into the database itself; a layer may be made between the two. */
const logs = sqlite.map((path) => `${path}-wal`);
const others = directories.flatMap((directory) => [`${directory}/Packages`, `${directory}/Packages.db`]);
const maxBytes = 512 * 1024 * 1024;

function unreadable(path: string, why: string, cause?: unknown) {
  return inspectErrors.error('INSPECT_PACKAGE_DATABASE_UNREADABLE', {
    message: `${printable(path)}: ${why}`,
    cause,
  });
}

/** The packages of Fedora, Red Hat, SUSE and their kin: rpm's database in SQLite, as rpm writes it since 4.16. */
export const rpmCataloger: Cataloger = {
  keep: ({ path }) => (sqlite.includes(path) || logs.includes(path) ? 'whole' : undefined),

  find({ fileSystem, distro, layerOf }) {
    const node = sqlite.map((path) => fileSystem.resolve(path)).find((one) => one !== undefined);
    if (node?.content === undefined) {
      // Saying "no packages" of an image that has them would be worse than saying nothing.
      const old = others.map((path) => fileSystem.resolve(path)).find((one) => one?.type === 'file');
      if (old !== undefined)
        throw unreadable(old.path, 'rpm databases of Berkeley DB and ndb are not supported');
      return [];
    }
    if (node.content.size > maxBytes) throw unreadable(node.path, `it is larger than ${maxBytes} bytes`);
    const log = fileSystem.resolve(`${node.path}-wal`)?.content;
    if (log !== undefined && log.size > maxBytes)
      throw unreadable(node.path, `its log is larger than ${maxBytes} bytes`);
    return headers(node.content, log, node.path)
      .filter(({ name }) => name !== 'gpg-pubkey')
      .map((header) => {
        const { name, architecture, sourceRpm } = header;
        const epoch = header.epoch ? `${header.epoch}:` : '';
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
              : // The name of a source package has no epoch in it; what is built from it has the same one, as good as always.
                { source: { name: sourceName, version: `${epoch}${sourceVersion}` } }),
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

function headers(content: ByteSource, log: ByteSource | undefined, path: string): RpmHeader[] {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-rpm-'));
  try {
    const file = join(directory, 'rpmdb.sqlite');
    writeFileSync(file, content.read(0, content.size), { mode: 0o600 });
    if (log !== undefined) writeFileSync(`${file}-wal`, log.read(0, log.size), { mode: 0o600 });
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      return database
        .prepare('SELECT blob FROM Packages')
        .all()
        .map(({ blob }) => {
          const header = blob instanceof Uint8Array ? parseRpmHeader(blob) : undefined;
          if (header === undefined) throw unreadable(path, 'it holds a package that cannot be read');
          return header;
        });
    } finally {
      database.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SQLITE_ERROR') throw error;
    throw unreadable(path, 'it is not an SQLite database, or damaged', error);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
