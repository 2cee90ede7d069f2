import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import type { Identities } from './identities.ts';
import type { ImageUser } from './image-user.ts';

/** `setpriv` (util-linux) that makes a program run as a user of an image, before it is in a user namespace of its own. */
export function asUser(ids: Identities, user: ImageUser): readonly string[] {
  const groups = user.groups.map((group) => ids.gid + group).join(',');
  const others = groups === '' ? ['--clear-groups'] : ['--groups', groups];
  const self = ['--reuid', `${ids.uid + user.uid}`, '--regid', `${ids.gid + user.gid}`];
  return [...ids.entry, 'setpriv', ...self, ...others, '--'];
}

/**
 * Makes a user namespace that has all `ids`. The user makes it, as nobody else but root may enter it (user_namespaces(7)),
 * and root says whom it has.
 *
 * @returns see `makeUserNamespace`
 * @throws Error where the machine allows none, or has no util-linux
 */
export async function openUserNamespace(ids: Identities, user: ImageUser): Promise<number> {
  return await makeUserNamespace(asUser(ids, user), (process_) => {
    for (const [map, first] of [
      ['uid_map', ids.uid],
      ['gid_map', ids.gid],
    ] as const)
      asRoot(ids, [
        'sh',
        '-c',
        'echo "$1" > "$2"',
        'sh',
        `0 ${first} ${ids.count}`,
        `/proc/${process_}/${map}`,
      ]);
  });
}

/**
 * Runs a program as root where the ids are.
 *
 * @throws Error where it fails
 */
export function asRoot({ entry }: Identities, command: readonly string[], input?: Uint8Array): void {
  const [program, ...args] = [...entry, ...command];
  const { status, error, stderr } = spawnSync(program!, args, {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'],
    ...(input === undefined ? {} : { input }),
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command[0]}: ${error?.message ?? stderr}`);
}

/**
 * Makes a user namespace. It lasts as long as somebody has the descriptor.
 *
 * @param prefix what makes a program run as who makes it
 * @param map says whom it has, by the process that is in it
 * @returns a descriptor of this process, to be closed
 * @throws Error where the machine allows none, or has no util-linux
 */
export async function makeUserNamespace(
  prefix: readonly string[],
  map: (process: number) => void,
): Promise<number> {
  // It starts no other program: root of a namespace that has users and no groups yet could not be told its groups.
  const [program, ...args] = [...prefix, 'unshare', '--user', '--', 'sh', '-c', 'echo; read _'];
  const holder = spawn(program!, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH },
  });
  holder.stdin.on('error', () => undefined);
  const ended = once(holder, 'close').then(() => {
    throw new Error('no user namespace can be made: setpriv and unshare of util-linux failed');
  });
  try {
    await Promise.race([once(holder.stdout, 'data'), ended]);
    map(holder.pid!);
    return openSync(`/proc/${holder.pid}/ns/user`, 'r');
  } finally {
    holder.stdin.end();
    await ended.catch(() => undefined);
  }
}
