import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Identities } from './identities.ts';
import { maxId } from './image-user.ts';
import { makeUserNamespace } from './user-namespace.ts';

interface Range {
  readonly start: number;
  readonly count: number;
}

let made: Promise<Identities | undefined> | undefined;

/**
 * The ids that the machine lends to who started this (subuid(5), subgid(5)), in a user namespace of their own that lasts as
 * long as this process: 0 is who started it, and those that are lent follow. `newuidmap` and `newgidmap` (shadow) see to it that
 * they are. Undefined where there are none.
 */
export async function subordinateIdentities(): Promise<Identities | undefined> {
  made ??= makeIdentities().catch(() => undefined);
  return await made;
}

async function makeIdentities(): Promise<Identities | undefined> {
  const [uids, gids] = [rangeOf('/etc/subuid'), rangeOf('/etc/subgid')];
  if (uids === undefined || gids === undefined) return undefined;
  const count = Math.min(uids.count, gids.count, maxId);
  const descriptor = await makeUserNamespace([], (process_) => {
    for (const [program, self, { start }] of [
      ['newuidmap', process.getuid!(), uids],
      ['newgidmap', process.getgid!(), gids],
    ] as const) {
      const map = [0, self, 1, 1, start, count].map(String);
      if (spawnSync(program, [String(process_), ...map], { stdio: 'ignore' }).status !== 0)
        throw new Error(`${program} failed`);
    }
  });
  const entry = ['nsenter', `--user=/proc/${process.pid}/fd/${descriptor}`, '-S', '0', '-G', '0', '--'];
  return { uid: 1, gid: 1, count, entry };
}

/** The largest that a file has for this user, by name or number. */
function rangeOf(file: string): Range | undefined {
  const self = [String(process.getuid!()), nameOfUser()];
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => /^([^:]+):(\d+):(\d+)$/.exec(line.trim()))
    .filter((found) => found !== null && self.includes(found[1]!))
    .map((found) => ({ start: Number(found![2]), count: Number(found![3]) }))
    .sort((a, b) => b.count - a.count)[0];
}

/** As `newuidmap` looks it up. Not `os.userInfo`, which is the environment's word in Bun. */
function nameOfUser(): string {
  return spawnSync('id', ['-un'], { encoding: 'utf8', env: { PATH: process.env.PATH } }).stdout?.trim() ?? '';
}
