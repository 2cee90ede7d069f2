import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import type { Identities } from './identities.ts';
import type { ImageUser } from './image-user.ts';

/** `setpriv` (util-linux) that makes a program run as a user of an image, before it is in a user namespace of its own. */
export function asUser(ids: Identities, user: ImageUser): readonly [string, ...string[]] {
  const groups = user.groups.map((group) => ids.gid + group).join(',');
  const others = groups === '' ? ['--clear-groups'] : ['--groups', groups];
  return ['setpriv', '--reuid', `${ids.uid + user.uid}`, '--regid', `${ids.gid + user.gid}`, ...others, '--'];
}

/**
 * Makes a user namespace that has all `ids`. The user makes it, as nobody else but root may enter it (user_namespaces(7)),
 * and root says whom it has. It lasts as long as somebody has the descriptor.
 *
 * @returns a descriptor of this process, to be closed
 * @throws Error where the machine allows none, or has no util-linux
 */
export async function openUserNamespace(ids: Identities, user: ImageUser): Promise<number> {
  const [program, ...args] = [...asUser(ids, user), 'unshare', '--user', '--', 'sh', '-c', 'echo; exec cat'];
  const holder = spawn(program!, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH },
  });
  const ended = once(holder, 'close').then(() => {
    throw new Error('no user namespace can be made: setpriv and unshare of util-linux failed');
  });
  try {
    await Promise.race([once(holder.stdout, 'data'), ended]);
    writeFileSync(`/proc/${holder.pid}/uid_map`, `0 ${ids.uid} ${ids.count}\n`);
    writeFileSync(`/proc/${holder.pid}/gid_map`, `0 ${ids.gid} ${ids.count}\n`);
    return openSync(`/proc/${holder.pid}/ns/user`, 'r');
  } finally {
    holder.stdin.end();
    await ended.catch(() => undefined);
  }
}
