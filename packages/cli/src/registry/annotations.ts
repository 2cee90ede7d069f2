import { cliErrors } from '../errors.ts';
import { commaList } from '../program/comma-list.ts';

/** `-a NAME=VALUE[,NAME=VALUE…] …` as a mapping; the last of equal names counts, as in cosign. @throws USAGE */
export function parseAnnotations(lists: readonly string[]): Record<string, string> {
  return annotationsOf(lists.flatMap(commaList));
}

/** The same of pairs that are apart. @throws USAGE */
export function annotationsOf(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const split = pair.indexOf('=');
    if (split <= 0) {
      throw cliErrors.error('USAGE', {
        message: 'an annotation is a name and a value',
        expected: '-a NAME=VALUE',
        found: `-a ${pair.slice(0, 80)}`,
      });
    }
    return [pair.slice(0, split), pair.slice(split + 1)] as const;
  });
  return Object.fromEntries(entries);
}
