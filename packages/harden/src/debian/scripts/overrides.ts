import { dpkgDirectory } from '@pratique/inspect';
import type { Changes } from './changes.ts';
import { setMode, setOwner } from './files.ts';
import { isMatch } from './patterns.ts';
import type { Known } from './shell.ts';
import { textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** Where a package puts a file that another one diverts (dpkg-divert(1)). */
export interface Diversion {
  /** Absolute, as all paths here. */
  readonly path: string;
  readonly to: string;
  /** Whose files stay where they are; `:` for nobody’s. */
  readonly by: string;
}

/** Owner and mode that a file has whatever its package says (dpkg-statoverride(1)). */
export interface Override {
  readonly user: string;
  readonly group: string;
  readonly mode: string;
  readonly path: string;
}

const diversionsFile = `/${dpkgDirectory}/diversions`;
const overridesFile = `/${dpkgDirectory}/statoverride`;

function linesAt(path: string, changes: Changes): readonly string[] {
  const bytes = changes.read(path);
  return bytes === undefined
    ? []
    : textOf(bytes)
        .split('\n')
        .filter((line) => line !== '');
}

function writeLines(path: string, lines: readonly string[], changes: Changes): void {
  changes.write(path, new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')));
}

/** Three lines each. */
export function diversionsOf(changes: Changes): readonly Diversion[] {
  const lines = linesAt(diversionsFile, changes);
  return Array.from({ length: Math.floor(lines.length / 3) }, (_, index) => {
    const [path, to, by] = lines.slice(index * 3) as [string, string, string];
    return { path, to, by };
  });
}

export function overridesOf(changes: Changes): readonly Override[] {
  return linesAt(overridesFile, changes).flatMap((line) => {
    const [user, group, mode, path] = line.split(' ');
    return path === undefined ? [] : [{ user: user!, group: group!, mode: mode!, path }];
  });
}

function writeDiversions(all: readonly Diversion[], changes: Changes): void {
  writeLines(
    diversionsFile,
    all.flatMap(({ path, to, by }) => [path, to, by]),
    changes,
  );
}

function absolute(path: string | undefined): string {
  if (path === undefined || !/^\/[^\n]+$/.test(path)) throw new NotUnderstood('');
  return path;
}

/** Moves a file or a link, where one is there and nothing is where it goes. */
function rename(from: string, to: string, changes: Changes): void {
  const node = changes.at(from);
  if (node === undefined) return;
  if (changes.at(to) !== undefined) throw new NotUnderstood('a diversion to what is there');
  if (node.type === 'symlink') changes.makeLink(to, node.linkname ?? '');
  else if (node.type === 'file') changes.write(to, changes.read(from)!, node);
  else throw new NotUnderstood('a diversion of what is no file');
  changes.remove(from);
}

/** Values of options, and what is left. */
function optionsOf(args: readonly string[], valued: readonly string[], flags: readonly string[]) {
  const values = new Map<string, string>();
  const given = new Set<string>();
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [name, value] = args[at]!.split(/=(.*)/s) as [string, string?];
    if (valued.includes(name)) values.set(name, value ?? args[++at] ?? '');
    else if (flags.includes(name)) given.add(name);
    else if (name.startsWith('-')) throw new NotUnderstood('');
    else rest.push(args[at]!);
  }
  return { values, given, rest };
}

const divert: Known = (args, shell, { output }) => {
  const { changes } = shell;
  const { values, given, rest } = optionsOf(
    args,
    ['--package', '--divert'],
    [
      '--add',
      '--remove',
      '--rename',
      '--no-rename',
      '--quiet',
      '--local',
      '--list',
      '--truename',
      '--listpackage',
    ],
  );
  const all = diversionsOf(changes);
  if (given.has('--list')) {
    const found = all.filter(({ path, to, by }) =>
      [path, to, by].some((text) => isMatch(rest[0] ?? '*', text, shell.spend)),
    );
    for (const { path, to, by } of found)
      output(
        by === ':' ? `local diversion of ${path} to ${to}\n` : `diversion of ${path} to ${to} by ${by}\n`,
      );
    return 0;
  }
  const path = absolute(rest[0]);
  if (rest.length > 1) throw new NotUnderstood('');
  const there = all.find((one) => one.path === path);
  if (given.has('--truename')) {
    output(`${there?.to ?? path}\n`);
    return 0;
  }
  if (given.has('--listpackage')) {
    if (there !== undefined) output(`${there.by === ':' ? 'LOCAL' : there.by}\n`);
    return 0;
  }
  const by = given.has('--local')
    ? ':'
    : (values.get('--package') ?? shell.variable('DPKG_MAINTSCRIPT_PACKAGE') ?? ':');
  if (!/^(:|[a-z0-9][a-z0-9+.-]*)$/.test(by)) throw new NotUnderstood('');
  // A file of the package itself stays.
  const isOwn = linesAt(`/${dpkgDirectory}/info/${by}.list`, changes).includes(path);
  if (given.has('--remove')) {
    if (there === undefined) return 0;
    if (there.by !== by) return 2;
    if (given.has('--rename') && !isOwn) rename(there.to, path, changes);
    writeDiversions(
      all.filter((one) => one !== there),
      changes,
    );
    return 0;
  }
  const to = absolute(values.get('--divert') ?? `${path}.distrib`);
  if (there !== undefined) return there.to === to && there.by === by ? 0 : 2;
  if (changes.at(path)?.type === 'directory') return 2;
  if (given.has('--rename') && !isOwn) rename(path, to, changes);
  writeDiversions([...all, { path, to, by }], changes);
  return 0;
};

const statoverride: Known = (args, shell, { output }) => {
  const { changes } = shell;
  const { given, rest } = optionsOf(
    args,
    [],
    [
      '--quiet',
      '--force',
      '--force-all',
      '--force-statoverride-add',
      '--force-statoverride-remove',
      '--update',
      '--add',
      '--remove',
      '--list',
    ],
  );
  const all = overridesOf(changes);
  const write = (overrides: readonly Override[]) =>
    writeLines(
      overridesFile,
      overrides.map(({ user, group, mode, path }) => `${user} ${group} ${mode} ${path}`),
      changes,
    );
  if (given.has('--list')) {
    const found = all.filter(({ path }) => isMatch(rest[0] ?? '*', path, shell.spend));
    for (const { user, group, mode, path } of found) output(`${user} ${group} ${mode} ${path}\n`);
    return found.length > 0 ? 0 : 1;
  }
  if (given.has('--remove')) {
    const path = absolute(rest[0]);
    if (!all.some((one) => one.path === path)) return 2;
    write(all.filter((one) => one.path !== path));
    return 0;
  }
  const [user = '', group = '', mode = ''] = rest;
  const path = absolute(rest[3]);
  if (!given.has('--add') || !/^[0-7]{3,5}$/.test(mode) || /\s/.test(`${user}${group}`))
    throw new NotUnderstood('');
  const isForced = [...given].some((flag) => flag.startsWith('--force'));
  if (all.some((one) => one.path === path) && !isForced) return 2;
  // What is not there yet gets it when it is unpacked.
  const isThere = changes.follow(path) !== undefined;
  if (given.has('--update') && isThere) {
    const code =
      setOwner(`${numbered(user)}:${numbered(group)}`, path, changes) || setMode(mode, path, changes);
    if (code !== 0) return code;
  }
  write([
    ...all.filter((one) => one.path !== path),
    { user, group, mode: mode.replace(/^0+(?=...)/, ''), path },
  ]);
  return 0;
};

/** `#101` is a number where a name could be. */
function numbered(name: string): string {
  return name.replace(/^#/, '');
}

export const overrideCommands: Readonly<Record<string, Known>> = {
  'dpkg-divert': divert,
  'dpkg-statoverride': statoverride,
};
