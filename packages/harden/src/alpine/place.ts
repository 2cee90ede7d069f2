import type { FileSystem } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';

/** Where apk has its database, and where newer ones have it (Wolfi; Alpine with one /usr). */
const places = ['lib/apk/db', 'usr/lib/apk/db'];

/**
 * The directory of apk's database, links followed; undefined where there is none.
 *
 * @throws HARDEN_DATABASE_INVALID where there are two: nobody can say which of them is true
 */
export function apkDirectory(fileSystem: FileSystem): string | undefined {
  const found = places.flatMap((place) => {
    const installed = fileSystem.resolve(`${place}/installed`);
    return installed === undefined ? [] : [{ place, installed }];
  });
  if (new Set(found.map(({ installed }) => installed)).size > 1)
    throw hardenErrors.error('HARDEN_DATABASE_INVALID', {
      message: 'the image has two databases of apk',
      expected: `one of ${places.join(' and ')}`,
      found: 'both',
    });
  return found[0] && fileSystem.resolve(found[0].place)?.path;
}
