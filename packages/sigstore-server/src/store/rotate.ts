import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '@pratique/errors';
import { isThere, lockDirectory } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import { offlineRootFile } from '../tuf/offline-root.ts';
import { readConstants } from './constants.ts';
import {
  type Generation,
  generationsOf,
  maxGenerations,
  type Rotatable,
  type Rotation,
  readRotations,
  rotatable,
  writeRotations,
} from './generations.ts';

export interface RotateOptions {
  /** From when on the new key is used; a time to come lets clients learn of it before. */
  readonly from: Date;
  /** What the old key made later does not count: before `from` where the key was stolen. Default: `from`. */
  readonly until?: Date;
}

/**
 * Gives services of a data directory that nobody serves a new key, or authority, from a time on. It is made and
 * published at the next start. One write: a crash leaves all of them rotated or none.
 *
 * @throws SIGSTORE_SERVER_OPTION_INVALID, SIGSTORE_SERVER_DIRECTORY_IN_USE, SIGSTORE_SERVER_DAMAGED
 */
export async function rotate(
  directory: string,
  services: readonly Rotatable[],
  { from, until }: RotateOptions,
): Promise<void> {
  const { since } = requireConstants(directory);
  const unlock = await lockDirectory(directory, 'sigstore');
  if (unlock === undefined) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_DIRECTORY_IN_USE', {
      message: `a server is using ${printable(directory)}`,
    });
  }
  try {
    if (services.includes('tuf-root') && existsSync(join(directory, 'tuf', offlineRootFile))) {
      throw invalid(
        'the keys of the TUF root are not in the directory',
        'pratique sigstore prepare-root, with the new keys',
      );
    }
    const before = readRotations(directory);
    const added = [...new Set(services)].map((service): Rotation => {
      const { all } = generationsOf(service, since, before);
      const last = all.at(-1)!;
      if (from <= last.since) {
        throw invalid(
          `${service} already has a key that is used from later on`,
          `a time after ${last.since.toISOString()}`,
          from,
        );
      }
      if (until !== undefined && service.startsWith('tuf')) {
        throw invalid(
          'keys of the TUF repository count until clients have seen the next root: they have no other end',
          'no end of validity',
          until,
        );
      }
      const end = until ?? from;
      if (end > from || end < last.since) {
        throw invalid(
          `the old key of ${service} cannot count until then`,
          `from ${last.since.toISOString()} to ${from.toISOString()}`,
          end,
        );
      }
      if (all.length >= maxGenerations) {
        throw invalid(`${service} had as many keys as a trusted root can hold`, `${maxGenerations} keys`);
      }
      return { service, from, until: end };
    });
    writeRotations(directory, [...before, ...added]);
  } finally {
    await unlock();
  }
}

/**
 * The keys of every service, past, present and to come.
 *
 * @throws SIGSTORE_SERVER_OPTION_INVALID, SIGSTORE_SERVER_DAMAGED
 */
export function listGenerations(directory: string): Readonly<Record<Rotatable, readonly Generation[]>> {
  const { since } = requireConstants(directory);
  const rotations = readRotations(directory);
  return Object.fromEntries(
    rotatable.map((service) => [service, generationsOf(service, since, rotations).all]),
  ) as unknown as Record<Rotatable, readonly Generation[]>;
}

function requireConstants(directory: string) {
  if (isThere(join(directory, 'constants.json'))) return readConstants(directory);
  throw sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
    message: `${printable(directory)} holds no private Sigstore`,
  });
}

function invalid(message: string, expected: string, found?: Date) {
  return sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
    message,
    expected,
    ...(found === undefined ? {} : { found: found.toISOString() }),
  });
}
