import type { Changes } from './changes.ts';
import { NotUnderstood } from './syntax.ts';

/** What is asked of a new user of the system. */
export interface NewUser {
  readonly name: string;
  readonly uid?: number | undefined;
  /** The name of the primary group: `nogroup`, one that is there, or the user’s own, which is made. */
  readonly group: string;
  readonly home: string;
  readonly shell: string;
  readonly comment: string;
}

const nameForm = /^[A-Za-z_][\w.-]*\$?$/;
const first = 100;
const last = 999;

/** `/etc/passwd`, `/etc/group` and their shadows (passwd(5), group(5)), in which names of the system get the first free number from 100 on, as adduser gives them. */
export class Accounts {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  uid(name: string): number | undefined {
    return this.#number('passwd', name);
  }

  gid(name: string): number | undefined {
    return this.#number('group', name);
  }

  line(file: 'passwd' | 'group', name: string): string | undefined {
    return this.#lines(file).find((line) => line.startsWith(`${name}:`));
  }

  /** The name of a user or a group by its number. */
  nameOf(file: 'passwd' | 'group', number: number): string | undefined {
    return this.#lines(file)
      .map((line) => line.split(':'))
      .find((fields) => fields[2] === String(number))?.[0];
  }

  /** Puts something else into fields of a user’s line (passwd(5)), by their place. */
  changeUser(name: string, fields: ReadonlyMap<number, string>): void {
    const lines = this.#lines('passwd').map((line) => {
      if (!line.startsWith(`${name}:`)) return line;
      return line
        .split(':')
        .map((field, at) => fields.get(at) ?? field)
        .join(':');
    });
    this.#write('passwd', lines);
  }

  /** The names of the groups a user is in. */
  groupsOf(user: string): readonly string[] {
    const primary = this.line('passwd', user)?.split(':')[3];
    return this.#lines('group')
      .map((line) => line.split(':'))
      .filter(([, , gid, members = '']) => gid === primary || members.split(',').includes(user))
      .map(([name]) => name!);
  }

  addGroup(name: string, gid = this.#free()): number {
    const there = this.gid(name);
    if (there !== undefined) return there;
    this.#add('group', checked(name), `x:${gid}:`);
    this.#add('gshadow', name, '!::');
    return gid;
  }

  /** Returns its number; where it is there already nothing changes. */
  addUser({ name, uid, group, home, shell, comment }: NewUser): number {
    const there = this.uid(name);
    if (there !== undefined) return there;
    if (/[:\n]/.test(home + shell + comment)) throw new NotUnderstood(`the user ${name}`);
    const number = uid ?? this.#free();
    const gid = this.gid(group) ?? (group === name ? this.addGroup(name, number) : undefined);
    if (gid === undefined) throw new NotUnderstood(`the user ${name} of a group that is not there`);
    this.#add('passwd', checked(name), `x:${number}:${gid}:${comment}:${home}:${shell}`);
    // No day of the last change: the same packages give the same image on every day.
    this.#add('shadow', name, '!:::::::');
    return number;
  }

  /** @param always also of the group that is the user’s primary one, of which adduser says that it is in it already */
  addMember(user: string, group: string, always = false): void {
    const members = this.line('group', group)?.split(':')[3]?.split(',') ?? [];
    if (members.includes(user) || (!always && this.groupsOf(user).includes(group))) return;
    for (const file of ['group', 'gshadow'] as const) {
      const lines = this.#lines(file).map((line) => {
        if (!line.startsWith(`${group}:`)) return line;
        return line.endsWith(':') ? `${line}${user}` : `${line},${user}`;
      });
      this.#write(file, lines);
    }
  }

  #number(file: 'passwd' | 'group', name: string): number | undefined {
    const text = this.line(file, name)?.split(':')[2];
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  }

  /** A number that neither a user nor a group has. */
  #free(): number {
    const taken = new Set(
      [...this.#lines('passwd'), ...this.#lines('group')].map((line) => line.split(':')[2]),
    );
    for (let number = first; number <= last; number++) if (!taken.has(String(number))) return number;
    throw new NotUnderstood('there is no number left for a user');
  }

  #lines(file: string): readonly string[] {
    const bytes = this.#changes.read(`/etc/${file}`);
    return bytes === undefined
      ? []
      : new TextDecoder()
          .decode(bytes)
          .split('\n')
          .filter((line) => line !== '');
  }

  /** Shadow files are not made where there are none. */
  #add(file: string, name: string, rest: string): void {
    const there = this.#lines(file);
    if (file.includes('shadow') && there.length === 0) return;
    this.#write(file, [...there, `${name}:${rest}`]);
  }

  #write(file: string, lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#changes.write(`/etc/${file}`, new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')));
  }
}

function checked(name: string): string {
  if (!nameForm.test(name)) throw new NotUnderstood('the name of a user or group');
  return name;
}
