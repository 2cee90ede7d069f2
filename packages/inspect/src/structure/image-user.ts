import type { FileSystem } from '../filesystem/types.ts';

/** Whom a command runs as, in numbers of the image. */
export interface ImageUser {
  readonly uid: number;
  readonly gid: number;
  /** The other groups. */
  readonly groups: readonly number[];
  /** Its home directory. */
  readonly home: string;
}

/** What an image says about its users and groups; undefined for a file that it does not have. */
export interface Accounts {
  readonly passwd: string | undefined;
  readonly group: string | undefined;
}

/** No user or group: (uid_t)-1 is none, and container runtimes take none above 2³¹ - 1. */
export const maxId = 2 ** 31 - 2;
const limits = { fileBytes: 1024 * 1024, groups: 1000 };

/** What is wrong with a user: it is told, and nothing is run. */
export class UserUnresolved extends Error {}

/**
 * Reads `/etc/passwd` and `/etc/group` as programs in the image would find them: links lead inside it.
 *
 * @param fileSystem read with both whole
 * @throws UserUnresolved where one is no file, or has more than 1 MiB
 */
export function readAccounts(fileSystem: FileSystem): Accounts {
  const text = (path: string): string | undefined => {
    const node = fileSystem.resolve(path);
    if (node === undefined && fileSystem.get(path) === undefined) return undefined;
    if (node?.type !== 'file') throw new UserUnresolved(`/${path} is no file`);
    if (node.content === undefined || node.size > limits.fileBytes)
      throw new UserUnresolved(`/${path} has more than ${limits.fileBytes} bytes`);
    return new TextDecoder().decode(node.content.read(0, node.content.size));
  };
  return { passwd: text('etc/passwd'), group: text('etc/group') };
}

/**
 * Whom `user` means, as the `User` of a configuration (image-spec, config.md): `user`, `uid`, `user:group`, `uid:gid`,
 * `uid:group`, `user:gid`. Without a group it has that of its account, or 0, and is in every group that lists it.
 * Nothing is root. A number is an id, whether there is such an account or not.
 *
 * @throws UserUnresolved for names that the image does not have, and for what could mean two users
 */
export function resolveUser(accounts: Accounts, user: string): ImageUser {
  const [name = '', groupName = '', ...more] = user.split(':');
  if (more.length > 0) throw new UserUnresolved(`the user ${user} is none`);
  const account = accountOf(accounts.passwd, name === '' ? '0' : name);
  const uid = /^\d+$/.test(name) || name === '' ? id(name || '0', 'user') : account?.uid;
  if (uid === undefined) throw new UserUnresolved(`the image has no user ${name}`);
  const others = groupName === '' && account !== undefined ? groupsOf(accounts.group, account.name) : [];
  const gid = groupName === '' ? (account?.gid ?? 0) : gidOf(accounts.group, groupName);
  return { uid, gid, groups: others.filter((one) => one !== gid), home: account?.home || '/' };
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** The first of a name, or of a number. */
function accountOf(passwd: string | undefined, wanted: string): Account | undefined {
  const isId = /^\d+$/.test(wanted);
  const all = rows(passwd);
  // Runtimes differ in which one they take.
  if (isId && all.some(([name, , uid]) => name === wanted && Number(uid) !== Number(wanted)))
    throw new UserUnresolved(`the image has a user whose name is ${wanted} and whose id is not`);
  const found = all.find(([name, , uid]) =>
    isId ? uid !== undefined && /^\d+$/.test(uid) && Number(uid) === Number(wanted) : name === wanted,
  );
  if (found === undefined) return undefined;
  const [name = '', , uid = '', gid = '', , home = ''] = found;
  return { name, uid: id(uid, `user ${name}`), gid: id(gid, `group of the user ${name}`), home };
}

function gidOf(group: string | undefined, wanted: string): number {
  const all = rows(group);
  if (/^\d+$/.test(wanted)) {
    if (all.some(([name, , gid]) => name === wanted && Number(gid) !== Number(wanted)))
      throw new UserUnresolved(`the image has a group whose name is ${wanted} and whose id is not`);
    return id(wanted, 'group');
  }
  const found = all.find(([name]) => name === wanted);
  if (found === undefined) throw new UserUnresolved(`the image has no group ${wanted}`);
  return id(found[2] ?? '', `group ${wanted}`);
}

function groupsOf(group: string | undefined, user: string): readonly number[] {
  const ids = rows(group)
    .filter(([, , , members]) => members?.split(',').includes(user))
    .map(([name, , gid]) => id(gid ?? '', `group ${name}`));
  if (ids.length > limits.groups)
    throw new UserUnresolved(`the user ${user} is in more than ${limits.groups} groups`);
  return [...new Set(ids)];
}

function rows(text: string | undefined): readonly string[][] {
  return (text ?? '').split('\n').map((line) => line.split(':'));
}

function id(text: string, what: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= maxId)) throw new UserUnresolved(`the ${what} has the id ${text}, which is none`);
  return number;
}
