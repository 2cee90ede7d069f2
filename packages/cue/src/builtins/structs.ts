import { unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { Kind } from '../values/scalar.ts';
import { count, test } from './define.ts';
import type { Package } from './types.ts';

const fields = (value: Concrete | undefined): number =>
  (value as { fields: ReadonlyMap<string, Concrete> }).fields.size;

/** Package `struct`. */
export const structs: Package = new Map([
  [
    'MinFields',
    test(
      [Kind.struct, Kind.int],
      ([struct, n], at) => {
        if (fields(struct) >= count(n, at)) return true;
        // Fields that a closed struct may still get count in ways of their own.
        throw unsupported(at, 'MinFields of a closed struct that has fewer');
      },
      { openList: 'passes', byLength: true },
    ),
  ],
  [
    'MaxFields',
    test([Kind.struct, Kind.int], ([struct, n], at) => fields(struct) <= count(n, at), {
      openList: 'counts',
      byLength: true,
    }),
  ],
]);
