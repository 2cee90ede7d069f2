import { compareVersions } from '@pratique/inspect';
import { Accounts } from './accounts.ts';
import { updateAlternatives } from './alternatives.ts';
import { fileCommands, setMode, setOwner } from './files.ts';
import type { Known, Shell } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

const nothing: Known = () => 0;

/** Values of `--home DIR` and `--home=DIR`, flags, and what is left. */
function options(args: readonly string[], valued: readonly string[], flags: readonly string[]) {
  const values = new Map<string, string>();
  const given = new Set<string>();
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [, name, value] = /^(--[\w-]+|-[a-zA-Z])(?:=(.*))?$/s.exec(args[at]!) ?? [];
    if (name === undefined) rest.push(args[at]!);
    else if (valued.includes(name)) values.set(name, value ?? args[++at] ?? '');
    else if (flags.includes(name) && value === undefined) given.add(name);
    else throw new NotUnderstood('');
  }
  return { values, given, rest };
}

/** Four fields, as chfn(1) writes them. */
function fullComment(text: string): string {
  return text === '' ? '' : [...text.split(','), '', '', ''].slice(0, 4).join(',');
}

/** adduser(8) and addgroup(8) of Debian, for the system’s users and groups. */
const adduser: Known = (args, { changes }) => {
  const { values, given, rest } = options(
    args,
    ['--home', '--shell', '--gecos', '--comment', '--ingroup', '--uid', '--gid'],
    [
      '--system',
      '--group',
      '--quiet',
      '-q',
      '--no-create-home',
      '--disabled-login',
      '--disabled-password',
      '--force-badname',
      '--allow-bad-names',
      '--allow-badname',
    ],
  );
  const accounts = new Accounts(changes);
  const [name = '', group] = rest;
  if (group !== undefined) {
    if (accounts.uid(name) === undefined || accounts.gid(group) === undefined) return 1;
    accounts.addMember(name, group);
    return 0;
  }
  if (!given.has('--system')) throw new NotUnderstood('');
  if (accounts.uid(name) !== undefined) return 0;
  const home = values.get('--home') ?? '/nonexistent';
  const number = (option: string) => {
    const text = values.get(option);
    if (text !== undefined && !/^\d{1,5}$/.test(text)) throw new NotUnderstood('');
    return text === undefined ? undefined : Number(text);
  };
  if (number('--gid') !== undefined) throw new NotUnderstood('');
  const uid = accounts.addUser({
    name,
    uid: number('--uid'),
    group: values.get('--ingroup') ?? (given.has('--group') ? name : 'nogroup'),
    home,
    shell: values.get('--shell') ?? '/usr/sbin/nologin',
    comment: fullComment(values.get('--gecos') ?? values.get('--comment') ?? ''),
  });
  const gid = Number(accounts.line('passwd', name)!.split(':')[3]);
  if (!given.has('--no-create-home') && home !== '/nonexistent' && changes.follow(home) === undefined) {
    fileCommands.mkdir!(['-p', home], { changes } as Shell, { input: '', output: () => {} });
    changes.change(changes.follow(home)!, { uid, gid });
  }
  return 0;
};

const addgroup: Known = (args, shell, streams) => {
  const { values, given, rest } = options(
    args,
    ['--gid'],
    ['--system', '--quiet', '-q', '--force-badname', '--allow-bad-names', '--group'],
  );
  if (rest.length === 2) return adduser(rest, shell, streams);
  const gid = values.get('--gid');
  if (!given.has('--system') || rest.length !== 1 || (gid !== undefined && !/^\d{1,5}$/.test(gid)))
    throw new NotUnderstood('');
  new Accounts(shell.changes).addGroup(rest[0]!, gid === undefined ? undefined : Number(gid));
  return 0;
};

/** useradd(8) and groupadd(8), with `-r`: a number of the system’s. */
const useradd: Known = (args, { changes }) => {
  const { values, given, rest } = options(
    args,
    ['-d', '--home-dir', '--home', '-s', '--shell', '-c', '--comment', '-g', '--gid', '-u', '--uid'],
    ['-r', '--system', '-M', '--no-create-home', '-U', '--user-group'],
  );
  const value = (...names: readonly string[]) =>
    names.map((name) => values.get(name)).find((found) => found !== undefined);
  const [name = ''] = rest;
  const accounts = new Accounts(changes);
  const uid = value('-u', '--uid');
  if (
    rest.length !== 1 ||
    !(given.has('-r') || given.has('--system')) ||
    (uid !== undefined && !/^\d{1,5}$/.test(uid))
  )
    throw new NotUnderstood('');
  if (accounts.uid(name) !== undefined) return 9;
  accounts.addUser({
    name,
    uid: uid === undefined ? undefined : Number(uid),
    group: value('-g', '--gid') ?? name,
    home: value('-d', '--home-dir', '--home') ?? `/home/${name}`,
    shell: value('-s', '--shell') ?? '/bin/sh',
    comment: value('-c', '--comment') ?? '',
  });
  return 0;
};

const groupadd: Known = (args, { changes }) => {
  const { values, given, rest } = options(args, ['-g', '--gid'], ['-r', '--system', '-f', '--force']);
  const gid = values.get('-g') ?? values.get('--gid');
  if (
    rest.length !== 1 ||
    !(given.has('-r') || given.has('--system')) ||
    (gid !== undefined && !/^\d{1,5}$/.test(gid))
  )
    throw new NotUnderstood('');
  const accounts = new Accounts(changes);
  if (accounts.gid(rest[0]!) !== undefined) return given.has('-f') || given.has('--force') ? 0 : 9;
  accounts.addGroup(rest[0]!, gid === undefined ? undefined : Number(gid));
  return 0;
};

/** `systemd-sysusers [NAME.conf…]` (sysusers.d(5)): users, groups and memberships, of all files where none is named. */
const sysusers: Known = (args, { changes }) => {
  const accounts = new Accounts(changes);
  const named = args.filter((arg) => !/^--root=$/.test(arg));
  const all = ['/usr/lib/sysusers.d', '/etc/sysusers.d']
    .flatMap((directory) => changes.list(directory))
    .map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
    .filter((name) => name.endsWith('.conf'));
  for (const name of named.length > 0 ? named : [...new Set(all)].sort()) {
    if (!/^[\w.@-]+\.conf$/.test(name)) throw new NotUnderstood('');
    // What is in /etc stands for the file of the same name below /usr.
    const bytes = changes.read(`/etc/sysusers.d/${name}`) ?? changes.read(`/usr/lib/sysusers.d/${name}`);
    if (bytes === undefined) return 1;
    for (const line of new TextDecoder().decode(bytes).split('\n')) {
      const fields = [...line.replace(/^\s*#.*/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, plain]) => quoted ?? plain!,
      );
      const [kind, user = '', id = '-', comment = '-', home = '-', shell = '-'] = fields;
      const given = (value: string, otherwise: string) => (value === '-' ? otherwise : value);
      if (kind === undefined) continue;
      if (kind === 'm') {
        accounts.addMember(user, id);
        continue;
      }
      const [uid, group = user] = given(id, '').split(':') as [string, string?];
      if (!/^(\d*|-)$/.test(uid) || /%/.test(line)) throw new NotUnderstood(`sysusers.d: ${line}`);
      const number = uid === '' || uid === '-' ? undefined : Number(uid);
      if (kind === 'g') accounts.addGroup(user, number);
      else if (kind === 'u' || kind === 'u!')
        accounts.addUser({
          name: user,
          uid: number,
          group,
          home: given(home, '/'),
          shell: given(shell, '/usr/sbin/nologin'),
          comment: given(comment, ''),
        });
      else if (kind !== 'r') throw new NotUnderstood(`sysusers.d: ${line}`);
    }
  }
  return 0;
};

const getent: Known = ([database, name], { changes }, { output }) => {
  if ((database !== 'passwd' && database !== 'group') || name === undefined) throw new NotUnderstood('');
  const line = new Accounts(changes).line(database, name);
  if (line !== undefined) output(`${line}\n`);
  return line === undefined ? 2 : 0;
};

const id: Known = (args, { changes }, { output }) => {
  const { given, rest } = options(args, [], ['-u', '-g', '-G', '-n', '-Gn', '-un', '-gn']);
  const accounts = new Accounts(changes);
  if (rest.length === 0) {
    if (!given.has('-u')) throw new NotUnderstood('');
    output('0\n');
    return 0;
  }
  const line = accounts.line('passwd', rest[0]!)?.split(':');
  if (line === undefined) return 1;
  if (given.size === 0 || given.has('-u')) output(`${line[2]}\n`);
  else if (given.has('-g')) output(`${line[3]}\n`);
  else throw new NotUnderstood('');
  return 0;
};

/** deb-version(7) comparisons of dpkg(1): an empty version is earlier than any, with `-nl` later. */
const dpkg: Known = (
  [action, first = '', operator = '', second = ''],
  { variables, changes },
  { output },
) => {
  if (action === '--print-architecture') {
    output(`${variables.get('DPKG_MAINTSCRIPT_ARCH')}\n`);
    return 0;
  }
  if (action === '-L' && operator === '') {
    const list = changes.read(`/var/lib/dpkg/info/${first}.list`);
    if (list !== undefined) output(new TextDecoder().decode(list));
    return list === undefined ? 1 : 0;
  }
  if (action !== '--compare-versions') throw new NotUnderstood('');
  const order = compared(first, second, operator.endsWith('-nl'));
  const results: Readonly<Record<string, boolean>> = {
    lt: order < 0,
    '<<': order < 0,
    le: order <= 0,
    '<=': order <= 0,
    eq: order === 0,
    '=': order === 0,
    ne: order !== 0,
    ge: order >= 0,
    '>=': order >= 0,
    gt: order > 0,
    '>>': order > 0,
  };
  const result = results[operator.replace(/-nl$/, '')];
  if (result === undefined) throw new NotUnderstood('');
  return result ? 0 : 1;
};

function compared(first: string, second: string, noneIsLater: boolean): number {
  if (first !== '' && second !== '') return compareVersions('deb', first, second);
  const order = first === second ? 0 : first === '' ? -1 : 1;
  return noneIsLater ? -order : order;
}

/** Where there is no schema there is nothing to compile. */
const compileSchemas: Known = ([directory = ''], { changes }) => {
  if (changes.list(directory).some(({ path }) => path.endsWith('.xml'))) throw new NotUnderstood('');
  return 0;
};

/** `dpkg-trigger NAME`: what it sets off is done once all scripts have been followed. */
const trigger: Known = (args, { changes }) => {
  const names = args.filter((arg) => !/^--(no-await|await|by-package=.*)$/.test(arg));
  if (args.includes('--check-supported')) return 0;
  if (names.length !== 1 || names[0]!.startsWith('-')) throw new NotUnderstood('');
  changes.activate(names[0]!);
  return 0;
};

/** update-shells(8): `/etc/shells` has those that packages bring, but for those that somebody has taken out of it. */
const updateShells: Known = (args, { changes }) => {
  if (args.length > 0) throw new NotUnderstood('');
  const [target, state, template] = ['/etc/shells', '/var/lib/shells.state', '/usr/share/debianutils/shells'];
  const linesOf = (path: string) => {
    const bytes = changes.read(path);
    return bytes === undefined
      ? []
      : new TextDecoder()
          .decode(bytes)
          .split('\n')
          .filter((line) => line !== '');
  };
  const shellsOf = (path: string) => linesOf(path).flatMap((line) => line.replace(/#.*/, '') || []);
  const write = (path: string, lines: readonly string[]) =>
    changes.write(path, new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')));
  const brought = new Set(
    [template, ...changes.list('/usr/share/debianutils/shells.d').map(({ path }) => `/${path}`)]
      .flatMap(shellsOf)
      .flatMap((shell) => [shell, realDirectory(shell, changes)]),
  );
  const before = new Set(shellsOf(state));
  const isThere = changes.follow(target) !== undefined;
  const kept = linesOf(isThere ? target : template).filter((line) => {
    const shell = line.replace(/#.*/, '');
    return shell === '' || brought.has(shell) || !before.has(shell);
  });
  const there = new Set(kept.map((line) => line.replace(/#.*/, '')));
  write(target, [
    ...new Set(kept),
    ...[...brought].filter((shell) => !there.has(shell) && !before.has(shell)),
  ]);
  write(state, [...brought]);
  return 0;
};

/** `/bin/sh` where `/bin` is a link to `usr/bin`: `/usr/bin/sh`. */
function realDirectory(path: string, changes: Shell['changes']): string {
  const slash = path.lastIndexOf('/');
  const directory = changes.follow(path.slice(0, slash) || '/');
  return directory === undefined ? path : `/${directory.path}${path.slice(slash)}`;
}

/** No override is there; one that is added is made so. */
const statoverride: Known = (args, { changes }) => {
  const rest = args.filter(
    (arg) => !['--quiet', '--force', '--force-all', '--force-statoverride-add'].includes(arg),
  );
  if (rest[0] === '--list') return 1;
  const at = rest.indexOf('--add');
  const [user, group, mode, path] = rest.slice(at + 1);
  if (at < 0 || path === undefined) throw new NotUnderstood('');
  if (!rest.includes('--update')) return 0;
  return setOwner(`${user}:${group}`, path, changes) || setMode(mode!, path, changes);
};

/** On a first installation there is no configuration, link or directory of an older version to bring over. */
const maintscript: Known = (args) => {
  const at = args.indexOf('--');
  const [step, old = ''] = args.slice(at + 1);
  if (at < 0 || (step === 'upgrade' && old !== '') || (step === 'configure' && old !== ''))
    throw new NotUnderstood('');
  return 0;
};

/** `ucf NEW DESTINATION`: a configuration file that is there stays. */
const ucf: Known = (args, shell, streams) => {
  const [from, to] = args.filter((arg) => !arg.startsWith('-'));
  if (from === undefined || to === undefined || args.some((arg) => /^--(purge|src-dir)/.test(arg)))
    throw new NotUnderstood('');
  return shell.changes.follow(to) === undefined ? fileCommands.cp!([from, to], shell, streams) : 0;
};

function hasProgram(name: string, { changes }: Shell): string | undefined {
  if (name.includes('/')) return changes.follow(name)?.type === 'file' ? name : undefined;
  return ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
    .map((directory) => `${directory}/${name}`)
    .find((path) => ((changes.follow(path)?.mode ?? 0) & 0o111) !== 0);
}

const which: Known = (args, shell, { output }) => {
  const paths = args.filter((arg) => !arg.startsWith('-')).map((name) => hasProgram(name, shell));
  for (const path of paths) if (path !== undefined) output(`${path}\n`);
  return paths.includes(undefined) ? 1 : 0;
};

/** Services of a machine: none is started or asked while an image is made, as where policy-rc.d says 101. */
const services: Known = (args) => (args.includes('status') || args.includes('is-active') ? 3 : 0);

/** Administration of the system, and what an image does without: services, caches, byte code, capabilities, menus. */
export const systemCommands: Readonly<Record<string, Known>> = {
  adduser,
  addgroup,
  useradd,
  groupadd,
  getent,
  id,
  which,
  dpkg,
  ucf,
  'systemd-sysusers': sysusers,
  'dpkg-statoverride': statoverride,
  'dpkg-maintscript-helper': maintscript,
  'dpkg-trigger': trigger,
  'update-shells': updateShells,
  'glib-compile-schemas': compileSchemas,
  'update-alternatives': (args, { changes }) => updateAlternatives(args, changes),
  command: ([option, name = ''], shell, streams) => {
    if (option !== '-v') throw new NotUnderstood('');
    return which([name], shell, streams);
  },
  'invoke-rc.d': services,
  service: services,
  systemctl: services,
  'deb-systemd-helper': services,
  'deb-systemd-invoke': services,
  // Nothing listens where nothing runs.
  ss: (_args, _shell, { output }) => {
    output('State\n');
    return 0;
  },
  uname: (args, _shell, { output }) => {
    if (args.length > 1 || (args[0] ?? '-s') !== '-s') throw new NotUnderstood('');
    output('Linux\n');
    return 0;
  },
  ...Object.fromEntries(
    [
      'ldconfig',
      'update-rc.d',
      'ucfr',
      'py3compile',
      'setcap',
      'getcap',
      'gio-querymodules',
      'mountpoint',
      'mandb',
      'install-info',
      'fc-cache',
      'update-menus',
      'update-binfmts',
      'gtk-update-icon-cache',
      'update-icon-caches',
      'update-desktop-database',
      'update-ca-certificates',
      'logger',
    ].map((name) => [name, nothing]),
  ),
};
