import { readFileSync } from 'node:fs';
import { maxId } from './image-user.ts';

/** Which ids stand for those of an image. */
export interface Identities {
  /** Those of user 0 and group 0. */
  readonly uid: number;
  readonly gid: number;
  /** How many follow each other; 1: root of the image is who started this, and owns all there is. */
  readonly count: number;
  /** What a program is started with to be root where these ids are: in another user namespace. Empty: in this one. */
  readonly entry: readonly string[];
}

/** Above all that a machine gives to anyone: systemd, container runtimes and directories keep to the lower half. */
const upperHalf = 2 ** 31;

/** Every user and group of an image is one of the upper half of this machine’s, which nobody here is. Root may do so. */
export const everyone: Identities = { uid: upperHalf, gid: upperHalf, count: maxId + 1, entry: [] };

export const onlyRoot = (): Identities => ({
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  count: 1,
  entry: [],
});

/** Whether this process is root, and its user namespace has the upper half: that of a container may have less. */
export function hasEveryone(): boolean {
  return process.getuid?.() === 0 && ['uid_map', 'gid_map'].every((map) => hasUpperHalf(`/proc/self/${map}`));
}

function hasUpperHalf(map: string): boolean {
  try {
    return readFileSync(map, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .some(([inside = 0, , count = 0]) => inside <= upperHalf && inside + count >= upperHalf + maxId + 1);
  } catch {
    return false;
  }
}
