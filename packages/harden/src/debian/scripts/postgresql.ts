import type { Changes } from './changes.ts';
import type { Known } from './shell.ts';
import { textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** `pg_conftool FILE show [-b] [-s] KEY`: a value of a file of settings. */
const conftool: Known = (args, { changes }, { output }) => {
  const flags = args.filter((arg) => arg.startsWith('-')).join('');
  const [file = '', command, key = '', ...more] = args.filter((arg) => !arg.startsWith('-'));
  if (
    !/^[-bs]*$/.test(flags) ||
    !file.startsWith('/') ||
    command !== 'show' ||
    more.length > 0 ||
    !flags.includes('s')
  )
    throw new NotUnderstood('');
  if (key === 'all' || changes.read(file) === undefined) throw new NotUnderstood('');
  const value = setting(file, key, changes, 0);
  if (value === undefined) return 1;
  const isOn = /^(on|true|yes|1|t|y)$/i.test(value);
  if (flags.includes('b') && !isOn && !/^(off|false|no|0|f|n)$/i.test(value)) throw new NotUnderstood('');
  output(`${flags.includes('b') ? (isOn ? 'on' : 'off') : value}\n`);
  return 0;
};

/** What a file sets a key to last, and the files of the directories that it includes. */
function setting(file: string, key: string, changes: Changes, depth: number): string | undefined {
  if (depth > 3) throw new NotUnderstood('');
  let value: string | undefined;
  for (const line of textOf(changes.read(file) ?? new Uint8Array()).split('\n')) {
    const [, name, quoted, plain] =
      /^\s*([\w.-]+)(?:\s*=\s*|\s+)(?:'((?:[^']|''|\\.)*)'|([^\s#']\S*))/.exec(line) ?? [];
    const found = quoted?.replaceAll("''", "'") ?? plain;
    if (name === undefined) continue;
    if (name === 'include_dir') {
      const files = changes.list(found!).filter(({ path }) => path.endsWith('.conf'));
      for (const { path } of files) value = setting(`/${path}`, key, changes, depth + 1) ?? value;
    } else if (name.startsWith('include')) throw new NotUnderstood('');
    else if (name.toLowerCase() === key.toLowerCase()) value = found;
  }
  return value;
}

/** `pg_updatedicts`: dictionaries of spelling checkers in PostgreSQL’s form; without any there is only their place. */
const updateDictionaries: Known = (_args, shell, streams) => {
  const { changes } = shell;
  const sources = ['/usr/share/hunspell', '/usr/share/myspell/dicts'];
  if (sources.some((path) => changes.list(path).some((node) => node.path.endsWith('.aff'))))
    throw new NotUnderstood('');
  const place = '/var/cache/postgresql/dicts';
  shell.start('mkdir', ['-p', place], streams);
  if (changes.list(place).length > 0) throw new NotUnderstood('');
  return 0;
};

/** `pg_lsclusters`: none, where none is there. */
const listClusters: Known = (args, { changes }, { output }) => {
  const configured = changes.list('/etc/postgresql').flatMap(({ path }) => changes.list(`/${path}`));
  if (configured.length > 0 || args.some((arg) => arg !== '-h')) throw new NotUnderstood('');
  if (args.length === 0) output('Ver Cluster Port Status Owner Data directory Log file\n');
  return 0;
};

/** Programs of Debian’s postgresql-common. */
export const postgresqlCommands: Readonly<Record<string, Known>> = {
  pg_conftool: conftool,
  pg_updatedicts: updateDictionaries,
  pg_lsclusters: listClusters,
  // What it would warn of are disks of databases that are there.
  '/usr/share/postgresql-common/pg_checksystem': (args, shell, streams) => listClusters(args, shell, streams),
};
