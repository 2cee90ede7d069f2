import { defaultLimits } from './types.ts';

/** Below, nothing is judged: an image of zeros is small and honest. */
const judgedFrom = 256 * 1024 ** 2;

/**
 * Whether bytes unpack to so many more that no honest tool has packed them.
 *
 * @param stored bytes read so far of what is packed
 * @param unpacked bytes they have become
 * @param most unpacked bytes for each stored one
 */
export function expandsTooFar(stored: number, unpacked: number, most = defaultLimits.expansion): boolean {
  return unpacked > judgedFrom && unpacked > stored * most;
}
