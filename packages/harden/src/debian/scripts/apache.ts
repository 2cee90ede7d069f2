import type { Changes } from './changes.ts';
import type { Known } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

const root = '/etc/apache2';

/** What is enabled: the directories `NAME-available` and `NAME-enabled`, and how its files end. */
interface Kind {
  readonly directory: string;
  readonly ending: string;
  readonly state: string;
}

const modules: Kind = { directory: 'mods', ending: '.load', state: 'module' };

/**
 * `a2enmod`, `a2enconf`, `a2ensite` of Apache 2: links in `…-enabled`, of a module’s dependencies first, and a mark of who
 * made them.
 */
function enabling(kind: Kind): Known {
  return (args, { changes }) => {
    const names = args.filter((arg) => !arg.startsWith('-'));
    const isMaintainer = args.includes('-m') || args.includes('--maintmode');
    if (args.some((arg) => arg.startsWith('-') && !/^-(m|q)$|^--(maintmode|quiet)$/.test(arg)))
      throw new NotUnderstood('');
    const codes = names.map((name) =>
      enable(name, kind, isMaintainer ? 'maint' : 'admin', changes, new Set()),
    );
    return codes.every(Boolean) ? 0 : 1;
  };
}

/** False where there is none of that name. */
function enable(
  name: string,
  kind: Kind,
  by: 'maint' | 'admin',
  changes: Changes,
  entered: Set<string>,
): boolean {
  const { directory, ending, state } = kind;
  // Which of the two is meant depends on how the server runs.
  if (!/^[\w.-]+$/.test(name) || (kind === modules && name === 'cgi')) throw new NotUnderstood('');
  if (entered.has(name)) return true;
  entered.add(name);
  const file = `${root}/${directory}-available/${name}${ending}`;
  const bytes = changes.read(file);
  if (bytes === undefined) return false;
  if (kind === modules) {
    const text = new TextDecoder().decode(bytes);
    for (const needed of listed(text, 'Depends'))
      if (!enable(needed, kind, by, changes, entered)) return false;
    if (listed(text, 'Conflicts').some((other) => isEnabled(`${other}${ending}`, directory, changes)))
      return false;
    if (changes.follow(`${root}/${directory}-available/${name}.conf`) !== undefined)
      link(`${name}.conf`, directory, changes);
  }
  if (link(`${name}${ending}`, directory, changes)) mark(name, `/var/lib/apache2/${state}`, by, changes);
  return true;
}

/** `# Depends: a b` at the beginning of a module’s file. */
function listed(text: string, field: string): readonly string[] {
  const line = new RegExp(`^# ${field}:\\s+(.*?)\\s*$`, 'm').exec(text)?.[1] ?? '';
  return line.split(/[\n\s]+/).filter((name) => name !== '');
}

function isEnabled(file: string, directory: string, changes: Changes): boolean {
  return changes.at(`${root}/${directory}-enabled/${file}`) !== undefined;
}

/** False where it is there already. */
function link(file: string, directory: string, changes: Changes): boolean {
  if (isEnabled(file, directory, changes)) return false;
  changes.makeLink(`${root}/${directory}-enabled/${file}`, `../${directory}-available/${file}`);
  return true;
}

function mark(name: string, state: string, by: string, changes: Changes): void {
  for (const path of ['/var/lib/apache2', state, `${state}/enabled_by_${by}`])
    if (changes.follow(path) === undefined) changes.makeDirectory(path);
  for (const one of changes.list(state)) changes.remove(`/${one.path}/${name}`);
  changes.write(`${state}/enabled_by_${by}/${name}`, new Uint8Array());
}

export const apacheCommands: Readonly<Record<string, Known>> = {
  a2enmod: enabling(modules),
  a2enconf: enabling({ directory: 'conf', ending: '.conf', state: 'conf' }),
  a2ensite: enabling({ directory: 'sites', ending: '.conf', state: 'site' }),
};
