import type { FileNode } from '@pratique/inspect';
import { Accounts } from './accounts.ts';
import type { Changes } from './changes.ts';
import { fileCommands } from './files.ts';
import { isMatch } from './patterns.ts';
import type { Known, Shell } from './shell.ts';
import { noStreams, textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

const places = ['/etc/tmpfiles.d', '/run/tmpfiles.d', '/usr/local/lib/tmpfiles.d', '/usr/lib/tmpfiles.d'];

/** One line of tmpfiles.d(5). */
interface Line {
  readonly type: string;
  /** `+`, `!`, … */
  readonly modifiers: string;
  readonly path: string;
  readonly mode: string;
  readonly user: string;
  readonly group: string;
  readonly argument: string;
}

/** `systemd-tmpfiles --create NAME.conf…`: directories, files and links that are to be there while a machine runs. */
export const systemdTmpfiles: Known = (args, shell) => {
  const names = args.filter((arg) => !arg.startsWith('-'));
  const options = args.filter((arg) => arg.startsWith('-'));
  if (options.some((option) => !/^--(create|remove|graceful|root=)$/.test(option)))
    throw new NotUnderstood('');
  if (!options.includes('--create')) return 0;
  const all = places.flatMap((place) =>
    shell.changes.list(place).map(({ path }) => path.replace(/^.*\//, '')),
  );
  const chosen = names.length > 0 ? names : [...new Set(all)].filter((name) => name.endsWith('.conf')).sort();
  let code = 0;
  for (const name of chosen) {
    if (!/^[\w.@-]+\.conf$/.test(name)) throw new NotUnderstood('');
    // One in /etc stands for that of the same name below /usr.
    const bytes = places
      .map((place) => shell.changes.read(`${place}/${name}`))
      .find((found) => found !== undefined);
    if (bytes === undefined) code = 1;
    else
      for (const line of textOf(bytes).split('\n')) {
        const parsed = parse(line);
        if (parsed !== undefined && !make(parsed, shell)) code = 65;
      }
  }
  return code;
};

const specifiers: Readonly<Record<string, string>> = {
  '%%': '%',
  '%t': '/run',
  '%S': '/var/lib',
  '%C': '/var/cache',
  '%L': '/var/log',
  '%T': '/tmp',
  '%V': '/var/tmp',
  '%h': '/root',
};

/** Undefined for a line that nothing is made of. */
function parse(text: string): Line | undefined {
  if (/^\s*(#|$)/.test(text)) return undefined;
  const [type = '', path = '', mode = '-', user = '-', group = '-', , ...rest] = text.trim().split(/\s+/);
  const argument = rest.join(' ');
  const [, letter, modifiers = ''] = /^([a-zA-Z])([-+!=~^$?]*)$/.exec(type) ?? [];
  if (letter === undefined || !/^[/%]/.test(path) || /["'\\]/.test(path)) throw unknown(text);
  // At boot only; with what is given to a machine; what is only taken away; attributes, which images have none of.
  if (/[!^]/.test(modifiers) || /^[xXrRaAhHtT]$/.test(letter)) return undefined;
  // Of a machine by its number or name: there is nothing of it here.
  if (/%[mbHlv]/.test(path) && /^[zZe]$/.test(letter)) return undefined;
  const replaced = (value: string) =>
    value.replace(/%./g, (one) => {
      const known = specifiers[one];
      if (known === undefined) throw unknown(text);
      return known;
    });
  if (/[=~$]/.test(modifiers)) throw unknown(text);
  return { type: letter, modifiers, path: replaced(path), mode, user, group, argument: replaced(argument) };
}

/** False where it cannot be made. */
function make(line: Line, shell: Shell): boolean {
  const { changes } = shell;
  const { type, modifiers, path, argument } = line;
  const there = changes.follow(path);
  switch (type) {
    case 'd':
    case 'D':
    case 'v':
    case 'q':
    case 'Q':
      if (there !== undefined && there.type !== 'directory') return false;
      if (there === undefined) fileCommands.mkdir!(['-p', path], shell, noStreams);
      return adjust([changes.follow(path)!], line, changes, there === undefined, '0755');
    case 'e':
      return adjust(matching(path, shell), line, changes, false);
    case 'f':
    case 'F': {
      if (there !== undefined && there.type !== 'file') return false;
      const isWritten = there === undefined || type === 'F' || modifiers.includes('+');
      if (there === undefined) fileCommands.mkdir!(['-p', path.replace(/\/[^/]*$/, '/')], shell, noStreams);
      if (isWritten) changes.write(path, new TextEncoder().encode(argument));
      return adjust([changes.follow(path)!], line, changes, there === undefined, '0644');
    }
    case 'L': {
      const target = argument === '' ? `/usr/share/factory${path}` : argument;
      const standing = changes.at(path);
      if (standing !== undefined && !modifiers.includes('+')) return true;
      if (standing?.type === 'directory') throw new NotUnderstood(`tmpfiles.d: ${path}`);
      if (modifiers.includes('?') && changes.follow(target) === undefined) return true;
      fileCommands.mkdir!(['-p', path.replace(/\/[^/]*$/, '/')], shell, noStreams);
      changes.makeLink(path, target);
      return true;
    }
    case 'C': {
      const source = argument === '' ? `/usr/share/factory${path}` : argument;
      if (there !== undefined || changes.follow(source) === undefined) return true;
      throw new NotUnderstood(`tmpfiles.d: a copy of ${source}`);
    }
    case 'z':
      return adjust(matching(path, shell), line, changes, false);
    case 'Z': {
      const below = (node: FileNode): readonly FileNode[] =>
        node.type === 'directory' ? [node, ...changes.list(`/${node.path}`).flatMap(below)] : [node];
      return adjust(matching(path, shell).flatMap(below), line, changes, false);
    }
    default:
      throw new NotUnderstood(`tmpfiles.d: ${type} ${path}`);
  }
}

/** Gives files the mode and the owner of a line; one that begins with a colon is for what is new. */
function adjust(
  nodes: readonly FileNode[],
  { mode, user, group }: Line,
  changes: Changes,
  isNew: boolean,
  otherwise = '-',
): boolean {
  const accounts = new Accounts(changes);
  const given = (value: string): string => (value.startsWith(':') ? (isNew ? value.slice(1) : '-') : value);
  const [bits, owner, team] = [given(mode), given(user), given(group)];
  const number = (name: string, known: number | undefined) =>
    known ?? (/^\d{1,9}$/.test(name) ? Number(name) : undefined);
  const uid = owner === '-' ? undefined : number(owner, accounts.uid(owner));
  const gid = team === '-' ? undefined : number(team, accounts.gid(team));
  const wanted = bits === '-' && isNew ? otherwise : bits;
  if (wanted !== '-' && !/^[0-7]{3,5}$/.test(wanted)) {
    if (nodes.length > 0) throw new NotUnderstood(`tmpfiles.d: the mode ${mode}`);
    return true;
  }
  if ((uid === undefined && owner !== '-') || (gid === undefined && team !== '-')) return false;
  for (const node of nodes)
    changes.change(changes.get(node.path) ?? node, {
      ...(wanted === '-' ? {} : { mode: Number.parseInt(wanted, 8) }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
  return true;
}

/** What a path with patterns in it names. */
function matching(path: string, { changes, spend }: Shell): readonly FileNode[] {
  if (!/[*?[]/.test(path)) return [changes.follow(path) ?? []].flat();
  const names = path.split('/').filter((name) => name !== '');
  const root = changes.follow('/');
  return names.reduce<readonly FileNode[]>(
    (nodes, name) =>
      nodes.flatMap((node) =>
        changes.list(`/${node.path}`).filter((one) => isMatch(name, one.path.replace(/^.*\//, ''), spend)),
      ),
    root === undefined ? [] : [root],
  );
}

function unknown(text: string): NotUnderstood {
  return new NotUnderstood(`tmpfiles.d: ${text.slice(0, 100)}`);
}
