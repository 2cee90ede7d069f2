import { createHash } from 'node:crypto';
import type { Delegation } from './types.ts';

/**
 * Whether a name can be a target's: segments between slashes, none of them empty, `.` or `..`, and no control
 * characters. A path made from anything else could leave the repository or the cache (GHSA-fcv2-xgw5-pqxf).
 */
export function isTargetPath(path: string): boolean {
  return (
    path.length <= 1024 &&
    path.isWellFormed() &&
    !/[\u0000-\u001f\u007f\\]/.test(path) &&
    path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}

/** Whether a path is delegated to a role (specification §4.5): `*` and `?` do not match a slash. */
export function isDelegated(path: string, { paths, pathHashPrefixes }: Delegation): boolean {
  const hash = createHash('sha256').update(path).digest('hex');
  return (
    pathHashPrefixes.some((prefix) => hash.startsWith(prefix)) ||
    paths.some((pattern) => matches(path, pattern))
  );
}

function matches(path: string, pattern: string): boolean {
  const segments = path.split('/');
  const patterns = pattern.split('/');
  return (
    segments.length === patterns.length &&
    segments.every((segment, at) => matchesGlob(segment, patterns[at]!))
  );
}

/** Greedy with one point to come back to: linear in pattern times text, where a regular expression could explode. */
function matchesGlob(text: string, pattern: string): boolean {
  let [at, next, star, resume] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = next++;
      resume = at;
    } else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === text[at])) {
      at++;
      next++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}
