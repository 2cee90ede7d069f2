import { printable } from '@pratique/errors';
import { type DatabaseFile, databaseText, unreadableDatabase } from './database-content.ts';

/** A package in apk's database. */
export interface InstalledApk {
  readonly name: string;
  readonly version: string;
  readonly architecture: string | undefined;
  /** By their letter: `P` is the name, `o` what it was built from, `D` what it needs. */
  readonly fields: ReadonlyMap<string, string>;
  /** Its files by path, each with its checksum as it stands there (`Q1…`); empty where it has none. */
  readonly files: ReadonlyMap<string, string>;
  /** The lines it was read from, without the empty one after them. */
  readonly text: string;
}

const maxPackages = 50_000;

/**
 * Reads the database of apk (`installed`; apk-installed(5)): a line a field, packages apart by an empty line.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE for what apk would not read either: what is skipped hides a package
 */
export function readApkInstalled(file: DatabaseFile): InstalledApk[] {
  const blocks = databaseText(file)
    .split(/\n{2,}/)
    .map((block) => block.replace(/^\n|\n$/g, ''))
    .filter((block) => block !== '');
  if (blocks.length > maxPackages) throw unreadableDatabase(file, `more than ${maxPackages} packages`);
  return blocks.map((text) => {
    const fields = new Map<string, string>();
    const files = new Map<string, string>();
    let directory = '';
    let path = '';
    for (const line of text.split('\n')) {
      const [letter, value] = [line[0]!, line.slice(2)];
      if (!/^[A-Za-z]:/.test(line))
        throw unreadableDatabase(file, `a line is not a field: ${printable(line, 80)}`);
      if (letter === 'F') directory = value;
      else if (letter === 'R') {
        path = directory === '' ? value : `${directory}/${value}`;
        files.set(path, '');
      } else if (letter === 'Z') files.set(path, value);
      // Modes and owners of directories and files.
      else if (letter !== 'M' && letter !== 'a') fields.set(letter, value);
    }
    const [name, version] = [fields.get('P'), fields.get('V')];
    if (!name || !version) throw unreadableDatabase(file, 'a package lacks its name or version');
    return { name, version, architecture: fields.get('A'), fields, files, text };
  });
}

/** Names of a list as `D` and `p` have it: `so:libc.musl-x86_64.so.1=1 busybox>=1.2 !old`, without conflicts and versions. */
export function apkNames(list: string | undefined): string[] {
  return (list ?? '')
    .split(' ')
    .filter((word) => word !== '' && !word.startsWith('!'))
    .map((word) => word.replace(/[<>=~].*$/, ''));
}
