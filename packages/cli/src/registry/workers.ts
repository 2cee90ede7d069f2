import { cliErrors } from '../errors.ts';

/** How many requests may be in flight at once. @throws USAGE for what is no such number */
export function workersOf(count: number): number {
  if (count >= 1 && count <= 100) return count;
  throw cliErrors.error('USAGE', {
    message: '--max-workers is how much is fetched at once',
    expected: 'a number from 1 to 100',
    found: String(count),
  });
}
