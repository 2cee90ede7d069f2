import { Accounts } from './accounts.ts';
import { fileCommands } from './files.ts';
import type { Known, Shell } from './shell.ts';
import { noStreams } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** Values of `--home DIR` and `--home=DIR`, flags, and what is left. */
function options(args: readonly string[], valued: readonly string[], flags: readonly string[]) {
  const values = new Map<string, string>();
  const given = new Set<string>();
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [, name, value] = /^(--[\w-]+|-[a-zA-Z]+)(?:=(.*))?$/s.exec(args[at]!) ?? [];
    if (name === undefined && args[at]!.startsWith('-')) throw new NotUnderstood('');
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
    fileCommands.mkdir!(['-p', home], { changes } as Shell, noStreams);
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
        accounts.addMember(user, id, true);
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

/** usermod(8): home, shell, comment and group of a user, and groups that are added. */
const usermod: Known = (args, { changes }) => {
  const { values, given, rest } = options(
    args,
    ['-d', '--home', '-s', '--shell', '-c', '--comment', '-g', '--gid', '-G', '--groups', '-aG'],
    ['-a', '--append', '-L', '--lock'],
  );
  const value = (...names: readonly string[]) =>
    names.map((name) => values.get(name)).find((found) => found !== undefined);
  const [name = ''] = rest;
  const accounts = new Accounts(changes);
  if (rest.length !== 1) throw new NotUnderstood('');
  if (accounts.uid(name) === undefined) return 6;
  const groups = value('-aG') ?? value('-G', '--groups');
  const isAdded = values.has('-aG') || given.has('-a') || given.has('--append');
  // A password is locked that nobody has; groups that are not named would be left.
  if (groups !== undefined && !isAdded) throw new NotUnderstood('');
  for (const group of groups?.split(',') ?? []) {
    if (accounts.gid(group) === undefined) return 6;
    accounts.addMember(name, group, true);
  }
  const group = value('-g', '--gid');
  const gid = group === undefined ? undefined : (accounts.gid(group) ?? Number(group));
  const fields = new Map<number, string>();
  if (gid !== undefined) {
    if (!Number.isInteger(gid)) return 6;
    fields.set(3, String(gid));
  }
  for (const [at, text] of [
    [4, value('-c', '--comment')],
    [5, value('-d', '--home')],
    [6, value('-s', '--shell')],
  ] as const) {
    if (text === undefined) continue;
    if (/[:\n]/.test(text)) throw new NotUnderstood('');
    fields.set(at, text);
  }
  accounts.changeUser(name, fields);
  return 0;
};

const getent: Known = ([database, name], { changes }, { output }) => {
  if ((database !== 'passwd' && database !== 'group') || name === undefined) throw new NotUnderstood('');
  const line = new Accounts(changes).line(database, name);
  if (line !== undefined) output(`${line}\n`);
  return line === undefined ? 2 : 0;
};

/** `id -u NAME`, `id -Gn NAME`: numbers, or names with `n`. */
const id: Known = (args, shell, { output }) => {
  const accounts = new Accounts(shell.changes);
  const flags = args
    .filter((arg) => arg.startsWith('-'))
    .join('')
    .replaceAll('-', '');
  const [name = shell.user, ...more] = args.filter((arg) => !arg.startsWith('-'));
  const letter = flags.replace('n', '');
  if (!/^[ugG]?n?$|^n[ugG]$/.test(flags) || flags === 'n' || more.length > 0) throw new NotUnderstood('');
  const line = accounts.line('passwd', name)?.split(':');
  if (line === undefined) return 1;
  const [uid = '', gid = ''] = line.slice(2, 4);
  const isNamed = flags.includes('n');
  const primary = accounts.nameOf('group', Number(gid)) ?? gid;
  const groups = [primary, ...accounts.groupsOf(name).filter((group) => group !== primary)];
  switch (letter) {
    case 'g':
      output(`${isNamed ? primary : gid}\n`);
      return 0;
    case 'G':
      output(
        `${groups.map((group) => (isNamed ? group : String(accounts.gid(group) ?? group))).join(' ')}\n`,
      );
      return 0;
    case 'u':
      output(`${isNamed ? name : uid}\n`);
      return 0;
    // All of it has a form of its own; whether the user is there is what is asked.
    default:
      output(`uid=${uid}(${name}) gid=${gid}(${primary})\n`);
      return 0;
  }
};

/** Administration of users and groups. */
export const userCommands: Readonly<Record<string, Known>> = {
  adduser,
  addgroup,
  useradd,
  groupadd,
  usermod,
  chsh: (args, shell, streams) => (args[0] === '-s' ? usermod(args, shell, streams) : unknown()),
  getent,
  id,
  'systemd-sysusers': sysusers,
};

function unknown(): never {
  throw new NotUnderstood('');
}
