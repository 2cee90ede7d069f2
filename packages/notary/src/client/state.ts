import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { decodeBase64, encodeBase64, parseJson } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { FileRefused, makeDirectorySync, readNamedFile, replaceFile } from '@pratique/storage';
import { notaryErrors } from '../errors.ts';
import { Members } from '../metadata/members.ts';

/** What was seen of a repository before: less than that is a rollback. */
export interface Seen {
  /** Which pin made its root trusted. */
  readonly pin: string;
  readonly root: Uint8Array;
  readonly rootVersion: number;
  /** By role. */
  readonly versions: ReadonlyMap<string, number>;
}

/** Remembers what was seen of repositories. Faults are thrown: to forget would be to believe what is old. */
export interface TrustState {
  read(repository: string): Seen | undefined;
  write(repository: string, seen: Seen): void;
}

/** Remembers as long as the process lives. */
export function memoryState(): TrustState {
  const known = new Map<string, Seen>();
  return {
    read: (repository) => known.get(repository),
    write: (repository, seen) => void known.set(repository, newest(known.get(repository), seen)),
  };
}

const maxBytes = 4 * 1024 * 1024;
const maxVersions = 1024;

/**
 * Remembers in a directory, one file a repository.
 *
 * @throws NOTARY_STATE_UNREADABLE from both
 */
export function directoryState(directory: string): TrustState {
  const fileOf = (repository: string) =>
    join(directory, `${createHash('sha256').update(repository).digest('hex')}.json`);
  const read = (repository: string): Seen | undefined => {
    const file = fileOf(repository);
    try {
      return parseSeen(readNamedFile(file, maxBytes), repository);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw unreadable(file, cause);
    }
  };
  return {
    read,
    write(repository, seen) {
      const file = fileOf(repository);
      // Another process may have seen newer ones meanwhile.
      const content = formatSeen(newest(read(repository), seen), repository);
      try {
        makeDirectorySync(directory, 0o700);
        replaceFile(file, content);
      } catch (cause) {
        throw unreadable(file, cause);
      }
    },
  };
}

/** What both have seen together, where they speak of one life of the repository. */
function newest(before: Seen | undefined, after: Seen): Seen {
  if (before === undefined || before.pin !== after.pin || before.rootVersion < after.rootVersion)
    return after;
  const versions = new Map(after.versions);
  for (const [role, version] of before.versions)
    if (version > (versions.get(role) ?? version)) versions.set(role, version);
  return { ...(before.rootVersion > after.rootVersion ? before : after), versions };
}

function formatSeen({ pin, root, rootVersion, versions }: Seen, repository: string): string {
  const roles = Object.fromEntries([...versions].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ repository, pin, rootVersion, versions: roles, root: encodeBase64(root) }, null, 2)}\n`;
}

function parseSeen(bytes: Uint8Array, repository: string): Seen {
  const seen = new Members(parseJson(bytes, 'what was seen before'), 'what was seen before');
  if (seen.text('repository') !== repository) throw new TypeError('it is of another repository');
  const versions = seen.object('versions');
  const root = seen.value('root');
  if (typeof root !== 'string') throw new TypeError('it has no root');
  return {
    pin: seen.text('pin'),
    root: decodeBase64(root, 'the root'),
    rootVersion: seen.integer('rootVersion', 1),
    versions: new Map(versions.entries(maxVersions).map(([role]) => [role, versions.integer(role, 1)])),
  };
}

function unreadable(file: string, cause: unknown) {
  const why =
    cause instanceof PratiqueError || cause instanceof FileRefused || cause instanceof Error
      ? cause.message
      : '';
  return notaryErrors.error('NOTARY_STATE_UNREADABLE', { message: `${file} cannot be used: ${why}`, cause });
}
