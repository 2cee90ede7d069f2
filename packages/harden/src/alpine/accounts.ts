/** `addgroup` and `adduser` of busybox, on the texts of an image. */

/** The files that say who there is. Missing ones are empty. */
export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
  readonly shadow: string;
}

export type AccountCommand =
  | { readonly kind: 'group'; readonly name: string; readonly gid: number | null }
  | { readonly kind: 'member'; readonly user: string; readonly group: string }
  | {
      readonly kind: 'user';
      readonly name: string;
      readonly uid: number | null;
      readonly group: string | null;
      readonly home: string;
      readonly shell: string;
      readonly gecos: string;
      /** Its home directory is made. */
      readonly makesHome: boolean;
    };

/** What Alpine gives to system accounts. */
const systemIds = { first: 100, last: 999 } as const;
const nogroup = 65533;

/**
 * Reads a line of a script that adds an account of the system, in the forms packages of Alpine have. Null for
 * everything else: no variables, nothing that a shell would expand.
 */
export function parseAccountCommand(line: string): AccountCommand | null {
  const plain = line.replace(/\s+(?:[12]?>\s*\/dev\/null|2>&1|&>\s*\/dev\/null|\|\|\s*(?:true|:))/g, '');
  if (/[$`;|&<>\\*?(){}[\]]/.test(plain)) return null;
  const words = [...plain.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)].map(
    ([, a, b, c]) => a ?? b ?? c ?? '',
  );
  const [command, ...rest] = words;
  if (command === 'addgroup') return group(rest);
  return command === 'adduser' ? user(rest) : null;
}

/** Options by letter, and the names after them; null where an option is not known. */
function options(words: readonly string[], flags: string, valued: string) {
  const values = new Map<string, string>();
  const names: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (!word.startsWith('-')) {
      names.push(word);
      continue;
    }
    for (const [index, letter] of [...word.slice(1)].entries()) {
      if (flags.includes(letter)) values.set(letter, '');
      else if (valued.includes(letter) && index === word.length - 2 && at + 1 < words.length)
        values.set(letter, words[++at]!);
      else return null;
    }
  }
  return names.every((name) => /^[a-z_][a-z0-9_.-]*$/.test(name)) ? { values, names } : null;
}

const idOf = (text: string | undefined) =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;

function group(words: readonly string[]): AccountCommand | null {
  const read = options(words, 'S', 'g');
  if (read === null) return null;
  const [first, second, ...more] = read.names;
  if (first === undefined || more.length > 0) return null;
  if (second !== undefined) return { kind: 'member', user: first, group: second };
  const gid = read.values.get('g');
  if (gid !== undefined && idOf(gid) === null) return null;
  // Without -S it would be one of people.
  return read.values.has('S') || gid !== undefined ? { kind: 'group', name: first, gid: idOf(gid) } : null;
}

function user(words: readonly string[]): AccountCommand | null {
  const read = options(words, 'SDH', 'hsGgu');
  if (read === null) return null;
  const { values, names } = read;
  const [name, second, ...more] = names;
  if (name === undefined || more.length > 0) return null;
  if (second !== undefined) return values.size === 0 ? { kind: 'member', user: name, group: second } : null;
  const uid = values.get('u');
  const home = values.get('h') ?? `/home/${name}`;
  const texts = [home, values.get('s') ?? '', values.get('g') ?? ''];
  if (!values.has('S') || (uid !== undefined && idOf(uid) === null)) return null;
  if (!home.startsWith('/') || home.split('/').includes('..') || texts.some((text) => /[:\n]/.test(text)))
    return null;
  return {
    kind: 'user',
    name,
    uid: idOf(uid),
    group: values.get('G') ?? null,
    home,
    shell: values.get('s') ?? '/bin/false',
    gecos: values.get('g') ?? 'Linux User,,,',
    makesHome: !values.has('H'),
  };
}

/** A home directory to make. */
export interface Home {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
}

/** Does what the commands say, in their order; who is there already stays as it is. */
export function addAccounts(
  files: AccountFiles,
  commands: readonly AccountCommand[],
): { readonly files: AccountFiles; readonly homes: readonly Home[] } {
  const passwd = lines(files.passwd);
  const groups = lines(files.group);
  const shadow = lines(files.shadow);
  const homes: Home[] = [];
  const find = (list: readonly string[][], name: string) => list.find(([found]) => found === name);
  const addMember = (user: string, group: string): void => {
    const found = find(groups, group);
    const members = (found?.[3] ?? '').split(',').filter((name) => name !== '');
    if (found !== undefined && !members.includes(user)) found[3] = [...members, user].join(',');
  };
  for (const command of commands) {
    if (command.kind === 'member') addMember(command.user, command.group);
    else if (command.kind === 'group') {
      if (find(groups, command.name) === undefined)
        groups.push([command.name, 'x', String(command.gid ?? freeId(groups)), '']);
    } else if (find(passwd, command.name) === undefined) {
      const uid = command.uid ?? freeId(passwd);
      const gid = command.group === null ? nogroup : Number(find(groups, command.group)?.[2] ?? nogroup);
      passwd.push([command.name, 'x', String(uid), String(gid), command.gecos, command.home, command.shell]);
      // No day of the last change: that would be another one tomorrow.
      shadow.push([command.name, '!', '', '0', '99999', '7', '', '', '']);
      if (command.group !== null) addMember(command.name, command.group);
      if (command.makesHome) homes.push({ path: command.home.slice(1), uid, gid });
    }
  }
  const text = (list: readonly string[][]) => list.map((fields) => `${fields.join(':')}\n`).join('');
  return { files: { passwd: text(passwd), group: text(groups), shadow: text(shadow) }, homes };
}

function lines(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}

/** The first that is free among those of the system. */
function freeId(list: readonly string[][]): number {
  const taken = new Set(list.map((fields) => Number(fields[2])));
  for (let id = systemIds.first; id <= systemIds.last; id++) if (!taken.has(id)) return id;
  return nogroup;
}
