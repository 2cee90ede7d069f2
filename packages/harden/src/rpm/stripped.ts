import { type FileSystem, unreadableDatabase } from '@pratique/inspect';
import { type RpmPackage, readRpmPackages } from './installed.ts';
import { rewriteRpmSqlite } from './rewrite.ts';
import { rewriteRpmNdb } from './rewrite-ndb.ts';
import { rpmRows } from './rows.ts';

const notInstalled = 2;

/**
 * rpm's database after a strip: without the headers of packages that are gone. Of those that stay, a file that is not there
 * is said not to be installed, as rpm says of what `--excludedocs` left out: `rpm --verify` does not miss it, and what is
 * signed of the header stays as it is.
 *
 * @param stays whether a package does
 * @param isThere whether there is anything at a path
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function strippedRpmDatabase(
  fileSystem: FileSystem,
  stays: (one: RpmPackage) => boolean,
  isThere: (path: string) => boolean,
): { readonly path: string; readonly bytes: Uint8Array } {
  const { database, packages } = readRpmPackages(fileSystem)!;
  const byNumber = new Map(packages.map((one) => [one.number, one]));
  const rows = rpmRows(database).flatMap(({ number, blob }) => {
    const one = byNumber.get(number);
    // A key of rpm.
    if (one === undefined) return [{ number, blob }];
    if (!stays(one)) return [];
    const { files, statesAt } = one.installed;
    const gone = files.flatMap(({ path, state, isGhost }, at) =>
      state === 0 && !isGhost && !isThere(path) ? [at] : [],
    );
    if (gone.length === 0) return [{ number, blob }];
    if (statesAt === undefined)
      throw unreadableDatabase(
        database.file,
        `it does not say which files of ${one.header.name} are installed`,
      );
    const changed = Uint8Array.from(blob);
    for (const at of gone) changed[statesAt + at] = notInstalled;
    return [{ number, blob: changed }];
  });
  const rewrite = database.format === 'ndb' ? rewriteRpmNdb : rewriteRpmSqlite;
  return { path: database.file.path, bytes: rewrite(database, rows) };
}
