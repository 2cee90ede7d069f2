import { cliErrors } from '../errors.ts';

/** `-a NAME=VALUE …` as a mapping; the last of equal names counts, as in cosign. */
export function parseAnnotations(pairs: readonly string[]): Record<string, string> {
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
