import { matcher } from '../eval/matcher.ts';
import { bool, Kind } from '../values/scalar.ts';
import { func, text } from './define.ts';
import type { Package } from './types.ts';

/** Package `regexp`. */
export const regexps: Package = new Map([
  [
    'Match',
    func([Kind.string, Kind.string], ([pattern, s], at) => bool(matcher(text(pattern), at)(text(s)))),
  ],
]);
