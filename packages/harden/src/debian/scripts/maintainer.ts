import { apacheCommands } from './apache.ts';
import { builtins } from './builtins.ts';
import type { Changes } from './changes.ts';
import { chronyCommands } from './chrony.ts';
import { debconf } from './debconf.ts';
import { dpkgCommands, type StateOf } from './dpkg-commands.ts';
import { expressionCommands } from './expression-commands.ts';
import { fileCommands } from './files.ts';
import { firstStartCommands } from './first-start.ts';
import { withoutGenerated } from './generated.ts';
import { lighttpdCommands } from './lighttpd.ts';
import { lineCommands } from './line-commands.ts';
import { localeCommands } from './locales.ts';
import { parseScript } from './parse.ts';
import { phpCommands } from './php.ts';
import { postgresqlCommands } from './postgresql.ts';
import { processCommands } from './processes.ts';
import { type Known, Shell } from './shell.ts';
import { shellCommands } from './shells.ts';
import { noStreams } from './streams.ts';
import { NotUnderstood } from './syntax.ts';
import { systemCommands } from './system.ts';
import { temporaryCommands } from './temporary.ts';
import { textCommands } from './text-commands.ts';
import { userCommands } from './user-commands.ts';

/** A package whose scripts are followed. */
export interface Maintained {
  readonly name: string;
  /** The version that it takes the place of; null for a new package. */
  readonly old: string | null;
  /** Of the image: `amd64`. */
  readonly architecture: string;
  /** A control file by its name; empty where there is none. */
  readonly read: (name: string) => string;
  /** Of packages in dpkg’s status; where nothing is said all are installed. */
  readonly stateOf?: StateOf;
}

/**
 * Packages whose scripts’ work is done here: certificates are bundled, for Java too. Of Python’s, it is byte code
 * alone, and of man-db’s an index of manuals, which are not needed.
 */
export const emulated = {
  has: (name: string) =>
    /^(ca-certificates(-java)?|man-db)$/.test(name) ||
    /^python3(\.\d+)?(-minimal|-venv|-distutils|-lib2to3)?$/.test(name),
};

/**
 * Does what a package’s maintainer script would (Debian Policy §6.5), without running anything: the script is followed
 * with the arguments dpkg would give it, and each command whose meaning is known is done to `changes`. Where one is
 * not, nothing is.
 *
 * @returns why the script could not be followed; null where it was, and its work is done
 */
export function followScript(
  script: 'preinst' | 'postinst',
  maintained: Maintained,
  changes: Changes,
): string | null {
  const { old, read } = maintained;
  if (script === 'preinst')
    return attempt(maintained, changes, [['preinst', ...(old === null ? ['install'] : ['upgrade', old])]]);
  // `config` asks the questions whose answers the other script reads.
  const before = read('postinst') === '' ? [] : [['config', 'configure', old ?? '']];
  return attempt(maintained, changes, [...before, ['postinst', 'configure', old ?? '']]);
}

/** The same with `postinst`, for triggers of a package that is configured. */
export function followTriggered(
  names: readonly string[],
  maintained: Maintained,
  changes: Changes,
): string | null {
  return attempt(maintained, changes, [['postinst', 'triggered', names.join(' ')]]);
}

/** Follows scripts, each with its arguments, one after the other; those that the package has not got are left out. */
function attempt(
  maintained: Maintained,
  changes: Changes,
  scripts: readonly (readonly string[])[],
): string | null {
  const { read, stateOf = () => 'installed' } = maintained;
  const known = new Map(
    Object.entries({
      ...systemCommands,
      ...userCommands,
      ...dpkgCommands(stateOf),
      ...shellCommands,
      ...apacheCommands,
      ...phpCommands,
      ...chronyCommands,
      ...lighttpdCommands,
      ...postgresqlCommands,
      ...localeCommands,
      ...firstStartCommands,
      ...processCommands,
      ...temporaryCommands,
      ...fileCommands,
      ...expressionCommands,
      ...lineCommands,
      ...textCommands,
      ...builtins,
      ...debconf(read('templates')),
    }),
  );
  try {
    changes.attempt(() => {
      for (const [file = '', ...args] of scripts)
        if (read(file) !== '') follow(file, args, maintained, changes, known);
    });
    return null;
  } catch (error) {
    if (error instanceof NotUnderstood) return error.message;
    throw error;
  }
}

function follow(
  file: string,
  args: readonly string[],
  { name, architecture, read }: Maintained,
  changes: Changes,
  known: ReadonlyMap<string, Known>,
): void {
  const source = read(file);
  if (!/^#! *\/bin\/(ba|da)?sh( +-[eux]+)? *\n/.test(source))
    throw new NotUnderstood('it is no shell script');
  const shell = new Shell(changes, known, `/var/lib/dpkg/info/${name}.${file}`, args);
  if (/^#!.* -\w*e/.test(source)) shell.option('-e');
  const variables = {
    DPKG_MAINTSCRIPT_PACKAGE: name,
    DPKG_MAINTSCRIPT_NAME: file,
    DPKG_MAINTSCRIPT_ARCH: architecture,
    DPKG_ROOT: '',
    DEBIAN_FRONTEND: 'noninteractive',
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  };
  for (const [variable, value] of Object.entries(variables)) {
    shell.assign(variable, value);
    shell.export(variable);
  }
  const code = shell.run(parseScript(withoutGenerated(source)), noStreams);
  if (code !== 0) throw new NotUnderstood(`it would fail with ${code}`);
}
