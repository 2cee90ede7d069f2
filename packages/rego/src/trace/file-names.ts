import { posix } from 'node:path';
import type { TraceEvent } from '../topdown/events.ts';

/** Places longer than this are shortened. */
const IDEAL_WIDTH = 64;

/** Names for the files of a trace: what long ones have in common becomes `...`, as in OPA. */
export function shortened(events: readonly TraceEvent[]): ReadonlyMap<string, string> {
  const files = new Set<string>();
  let longest = 0;
  for (const { location } of events) {
    if (location === undefined) continue;
    const name = location.file === '' ? 'query' : location.file;
    longest = Math.max(longest, `${name}:${location.row}`.length);
    if (location.file !== '') files.add(location.file);
  }
  const names = new Map([...files].map((file) => [file, file]));
  if (longest <= IDEAL_WIDTH || files.size === 0) return names;
  let common = longestCommon([...files].map(folder));
  const spare = IDEAL_WIDTH - (longest - common.length + 3);
  if (spare > 0) common = common.slice(0, Math.max(0, common.length - spare));
  if (common.length > 3)
    for (const file of files)
      names.set(
        file,
        file.replace(common, () => '...'),
      );
  return names;
}

/** The folder of a file, without the first part of its path. */
function folder(file: string): string {
  const path = posix.dirname(file).replace(/^\//, '');
  const slash = path.indexOf('/');
  return slash > 0 ? path.slice(slash + 1) : path;
}

function longestCommon([first = '', ...others]: readonly string[]): string {
  for (let length = first.length; length > 0; length--) {
    for (let start = 0; start + length <= first.length; start++) {
      const part = first.slice(start, start + length);
      if (others.every((other) => other.includes(part))) return part;
    }
  }
  return '';
}
