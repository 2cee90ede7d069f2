import type { FileNode } from '@pratique/inspect';
import { Accounts } from './accounts.ts';
import type { Changes } from './changes.ts';
import type { Known, Shell } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

/** Options of one letter, and of words, that change nothing here; what is left are operands. */
export function operands(args: readonly string[], options: RegExp): { flags: string; rest: string[] } {
  let flags = '';
  const rest: string[] = [];
  for (const [index, arg] of args.entries()) {
    if (arg === '--') {
      rest.push(...args.slice(index + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') rest.push(arg);
    else if (options.test(arg)) flags += arg;
    else throw new NotUnderstood('');
  }
  return { flags, rest };
}

/** `0755`, `u+s`, `go-rwx`, `a=rX` (chmod(1)). */
export function modeOf(text: string, before: number, isDirectory: boolean): number {
  if (/^[0-7]{3,5}$/.test(text)) return Number.parseInt(text, 8);
  let mode = before;
  for (const clause of text.split(',')) {
    const found = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause);
    if (found === null) throw new NotUnderstood('');
    const [, who, operator, what] = found as unknown as [string, string, string, string];
    const all = who === '' || who.includes('a');
    let bits = 0;
    for (const [letter, shift] of [
      ['u', 6],
      ['g', 3],
      ['o', 0],
    ] as const) {
      if (!all && !who.includes(letter)) continue;
      const execute = what.includes('x') || (what.includes('X') && (isDirectory || (before & 0o111) !== 0));
      bits |= ((what.includes('r') ? 4 : 0) | (what.includes('w') ? 2 : 0) | (execute ? 1 : 0)) << shift;
      if (what.includes('s') && letter !== 'o') bits |= letter === 'u' ? 0o4000 : 0o2000;
    }
    if (what.includes('t')) bits |= 0o1000;
    const cleared = all
      ? 0o777
      : (who.includes('u') ? 0o700 : 0) | (who.includes('g') ? 0o070 : 0) | (who.includes('o') ? 0o007 : 0);
    if (operator === '+') mode |= bits;
    else if (operator === '-') mode &= ~bits;
    else mode = (mode & ~cleared) | bits;
  }
  return mode;
}

/** `user:group`, `user`, `:group`, by name or number; `user:` is with the group that the user logs in with. */
function ownerOf(text: string, changes: Changes): { uid?: number; gid?: number } {
  const [user = '', group = ''] = text.split(/[:.]/);
  const accounts = new Accounts(changes);
  const numberOf = (name: string, known: number | undefined): number => {
    const number = known ?? (/^\d{1,9}$/.test(name) ? Number(name) : undefined);
    if (number === undefined) throw new NotUnderstood(`a user or group that is not there: ${name}`);
    return number;
  };
  if (/^.+[:.]$/.test(text)) {
    const own = accounts.line('passwd', user)?.split(':')[3];
    if (own === undefined) throw new NotUnderstood(`the group of a user that is not there: ${user}`);
    return { uid: numberOf(user, accounts.uid(user)), gid: Number(own) };
  }
  return {
    ...(user === '' ? {} : { uid: numberOf(user, accounts.uid(user)) }),
    ...(group === '' ? {} : { gid: numberOf(group, accounts.gid(group)) }),
  };
}

/** What is at the paths, and with `recursive` all below. Undefined where one is not there. */
function all(
  paths: readonly string[],
  recursive: boolean,
  changes: Changes,
): readonly FileNode[] | undefined {
  const found: FileNode[] = [];
  const add = (node: FileNode): void => {
    found.push(node);
    if (recursive && node.type === 'directory') for (const below of changes.list(`/${node.path}`)) add(below);
  };
  for (const path of paths) {
    const node = changes.follow(path);
    // Whoever makes it gives it its owner and mode.
    if (node === undefined && changes.isNotMade(path)) continue;
    if (node === undefined) return undefined;
    add(node);
  }
  return found;
}

export function setOwner(text: string, path: string, changes: Changes): number {
  return changeAll([path], false, changes, () => ownerOf(text, changes));
}

export function setMode(text: string, path: string, changes: Changes): number {
  return changeAll([path], false, changes, ({ mode, type }) => ({
    mode: modeOf(text, mode, type === 'directory'),
  }));
}

function changeAll(
  paths: readonly string[],
  recursive: boolean,
  changes: Changes,
  to: (node: FileNode) => { mode?: number; uid?: number; gid?: number },
): number {
  const nodes = all(paths, recursive, changes);
  if (nodes === undefined) return 1;
  for (const node of nodes) changes.change(node, to(node));
  return 0;
}

function makeDirectories(path: string, mode: number, changes: Changes): void {
  const parts = path.split('/').filter((part) => part !== '');
  for (let at = 1; at <= parts.length; at++) {
    const here = `/${parts.slice(0, at).join('/')}`;
    if (changes.follow(here) === undefined)
      changes.makeDirectory(here, at === parts.length ? mode : 0o777 & ~changes.mask);
  }
}

/** Where something goes that is copied or linked to `to`: into it, where it is a directory. */
function into(from: string, to: string, changes: Changes): string {
  const isDirectory = changes.follow(to)?.type === 'directory';
  return isDirectory ? `${to.replace(/\/+$/, '')}/${from.replace(/\/+$/, '').replace(/^.*\//, '')}` : to;
}

/** @param keeps owner, group and all of the mode (`cp -p`) */
function copy(from: string, to: string, changes: Changes, keeps = false): number {
  const node = changes.follow(from);
  // Whether or not the image has it.
  if (from === '/dev/null') {
    changes.write(into(from, to, changes), new Uint8Array());
    return 0;
  }
  if (node === undefined || node.type === 'directory') return 1;
  const bytes = changes.read(from);
  if (bytes === undefined) throw new NotUnderstood('');
  const place = into(from, to, changes);
  changes.write(place, bytes, keeps ? node : { mode: node.mode & 0o777 & ~changes.mask, uid: 0, gid: 0 });
  if (keeps) changes.change(changes.follow(place)!, { mode: node.mode, uid: node.uid, gid: node.gid });
  return 0;
}

/** A directory with all in it, to where nothing is yet. */
function copyTree(from: string, to: string, changes: Changes, keeps: boolean): number {
  const node = changes.follow(from)!;
  // Of a place that lies in what is copied there is no end.
  if (changes.at(to) !== undefined || `${to}/`.startsWith(`/${node.path}/`)) throw new NotUnderstood('');
  changes.makeDirectory(to, keeps ? node.mode : node.mode & 0o777 & ~changes.mask);
  if (keeps) changes.change(changes.follow(to)!, { uid: node.uid, gid: node.gid });
  for (const below of changes.list(from)) {
    const [source, target] = [`/${below.path}`, `${to}/${below.path.replace(/^.*\//, '')}`];
    if (below.type === 'symlink') changes.makeLink(target, below.linkname ?? '');
    else if (below.type === 'directory') copyTree(source, target, changes, keeps);
    else if (copy(source, target, changes, keeps) !== 0) return 1;
  }
  return 0;
}

const make: Known = (args, { changes }) => {
  const modes = args.flatMap((arg, at) => (arg === '-m' ? [args[at + 1] ?? ''] : []));
  const { flags, rest } = operands(
    args.filter((arg, at) => arg !== '-m' && args[at - 1] !== '-m'),
    /^-[pvZ]+$|^--parents$/,
  );
  const mode = modes.length === 0 ? 0o777 & ~changes.mask : modeOf(modes[0]!, 0, true);
  for (const path of rest) {
    if (flags.includes('p')) makeDirectories(path, mode, changes);
    else if (changes.at(path) !== undefined) return 1;
    else changes.makeDirectory(path, mode);
  }
  return 0;
};

const remove: Known = (args, { changes }) => {
  const { flags, rest } = operands(args, /^-[rRfv]+$/);
  for (const path of rest) {
    const node = changes.at(path);
    if (node === undefined && !flags.includes('f')) return 1;
    if (node?.type === 'directory' && !/r/i.test(flags)) return 1;
    if (node !== undefined) changes.remove(path);
  }
  return 0;
};

const link: Known = (args, { changes }) => {
  const { flags, rest } = operands(args, /^-[sfnvT]+$|^--(symbolic|force)$/);
  const [target, path = ''] = rest;
  if (!flags.includes('s') || rest.length !== 2) throw new NotUnderstood('');
  const place =
    flags.includes('n') && changes.at(path)?.type === 'symlink' ? path : into(target!, path, changes);
  if (changes.at(place) !== undefined && !flags.includes('f')) return 1;
  if (changes.at(place)?.type === 'directory') return 1;
  changes.makeLink(place, target!);
  return 0;
};

const move: Known = (args, { changes }) => {
  const { rest } = operands(args, /^-[fvTZ]+$/);
  const [from, to] = rest;
  if (rest.length !== 2) throw new NotUnderstood('');
  const node = changes.at(from!);
  if (node === undefined) return 1;
  const place = into(from!, to!, changes);
  if (node.type === 'symlink') changes.makeLink(place, node.linkname ?? '');
  else if (node.type === 'file') {
    changes.remove(place);
    changes.write(place, changes.read(from!)!, node);
  } else throw new NotUnderstood('');
  changes.remove(from!);
  return 0;
};

/** `install` of a file, or of directories with `-d`. */
const install: Known = (args, { changes }) => {
  // `-m 755`, `-m755`, `-d -m`: apart from each other all are the same.
  const apart = args.flatMap((arg) => {
    const [, option, value] =
      /^(-[mog])(.+)$/s.exec(
        arg.replace(/^--(mode|owner|group)=/, (_whole, name: string) => `-${name[0]}`),
      ) ?? [];
    return option === undefined
      ? [/^--(mode|owner|group)$/.test(arg) ? `-${arg[2]}` : arg]
      : [option, value!];
  });
  const values = new Map<string, string>();
  const others = apart.filter((arg, at) => {
    const option = apart[at - 1] ?? '';
    if (/^-[mog]$/.test(option)) values.set(option, arg);
    return !/^-[mog]$/.test(arg) && !/^-[mog]$/.test(option);
  });
  const { flags, rest } = operands(others, /^-[dDpvTZ]+$/);
  const [from = '', to = ''] = rest;
  const isDirectory = flags.includes('d');
  if (!isDirectory && (rest.length !== 2 || flags.includes('D'))) throw new NotUnderstood('');
  if (!isDirectory) {
    const code = copy(from, to, changes);
    if (code !== 0) return code;
  }
  const [user = '', group = ''] = [values.get('-o'), values.get('-g')];
  for (const path of isDirectory ? rest : [into(from, to, changes)]) {
    if (isDirectory) makeDirectories(path, 0o755, changes);
    setMode(values.get('-m') ?? '755', path, changes);
    if (!isDirectory) setOwner(`${user || '0'}:${group || '0'}`, path, changes);
    else if (`${user}${group}` !== '') setOwner(`${user}:${group}`, path, changes);
  }
  return 0;
};

function changing(
  to: (text: string, node: FileNode, shell: Shell) => { mode?: number; uid?: number; gid?: number },
): Known {
  return (args, shell) => {
    // `-rwx` is a mode that looks like an option.
    const end = args.indexOf('--');
    const [first = '', ...more] = args.filter(
      (arg, at) =>
        at !== end && (!/^-[RhfcvLHP]+$|^--(recursive|no-dereference)$/.test(arg) || (end >= 0 && at > end)),
    );
    const recursive = args.some((arg) => /^-\w*R|^--recursive$/.test(arg));
    if (more.length === 0 || (end < 0 && more.some((arg) => arg.startsWith('-'))))
      throw new NotUnderstood('');
    // Of a link itself: those here have no owner of their own.
    const ofLinks = args.some((arg, at) => (end < 0 || at < end) && /^-\w*h|^--no-dereference$/.test(arg));
    const paths = more.filter((path) => !(ofLinks && shell.changes.at(path)?.type === 'symlink'));
    return changeAll(paths, recursive, shell.changes, (node) => to(first, node, shell));
  };
}

/** Programs that change files, or look where they are. */
export const fileCommands: Readonly<Record<string, Known>> = {
  mkdir: make,
  rm: remove,
  ln: link,
  mv: move,
  install,
  rmdir: (args, { changes }) => {
    const { flags, rest } = operands(args, /^--ignore-fail-on-non-empty$|^-[pv]$/);
    for (const path of rest) {
      const node = changes.at(path);
      if (node?.type !== 'directory' || changes.list(path).length > 0)
        return flags.includes('ignore') ? 0 : 1;
      changes.remove(path);
    }
    return 0;
  },
  cp: (args, { changes }) => {
    const { flags, rest } = operands(
      args,
      /^-[pfvandLPTZrR]+$|^--preserve(=[\w,]+)?$|^--(archive|dereference|no-dereference)$/,
    );
    const [from, to] = rest;
    if (rest.length !== 2) throw new NotUnderstood('');
    const isArchive = /-\w*a|archive/.test(flags);
    const node = changes.at(from!);
    if (node?.type === 'symlink' && (isArchive || /-\w*[dP]|no-deref/.test(flags))) {
      if (changes.at(to!) !== undefined) throw new NotUnderstood('');
      changes.makeLink(to!, node.linkname ?? '');
      return 0;
    }
    if (node?.type === 'directory' && (isArchive || /-\w*[rR]/.test(flags)))
      return copyTree(from!, into(from!, to!, changes), changes, isArchive || /-\w*p|--preserve/.test(flags));
    if (/-\w*n/.test(flags) && changes.at(into(from!, to!, changes)) !== undefined) return 0;
    return copy(from!, to!, changes, isArchive || /-\w*p|--preserve/.test(flags));
  },
  touch: (args, { changes }) => {
    const { rest } = operands(args, /^-[ac]$/);
    for (const path of rest) if (changes.follow(path) === undefined) changes.write(path, new Uint8Array());
    return 0;
  },
  chmod: changing((text, { mode, type }) => ({ mode: modeOf(text, mode, type === 'directory') })),
  chown: changing((text, _node, { changes }) => ownerOf(text, changes)),
  chgrp: changing((text, _node, { changes }) => ownerOf(`:${text}`, changes)),
  readlink: (args, { changes }, { output }) => {
    const { flags, rest } = operands(args, /^-[efm]$/);
    const node = flags === '' ? changes.at(rest[0] ?? '') : changes.follow(rest[0] ?? '');
    if (node === undefined || (flags === '' && node.type !== 'symlink')) return 1;
    output(`${flags === '' ? node.linkname : `/${node.path}`}\n`);
    return 0;
  },
};
