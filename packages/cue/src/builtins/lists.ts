import { type Place, unsupported } from '../syntax/source.ts';
import { type Concrete, equal } from '../values/concrete.ts';
import { Kind } from '../values/scalar.ts';
import { count, func, items, test } from './define.ts';
import type { Package } from './types.ts';

const L = Kind.list;

/** CUE's functions of equality see `1` and `1.0` in ways of their own. */
function withoutFloats(value: Concrete, at: Place): Concrete {
  if (value.kind === 'number' && !value.int) throw unsupported(at, 'the equality of floats in lists');
  const parts =
    value.kind === 'list' ? value.items : value.kind === 'struct' ? [...value.fields.values()] : [];
  for (const part of parts) withoutFloats(part, at);
  return value;
}

function unique(list: Concrete, at: Place): boolean {
  const parts = items(withoutFloats(list, at));
  if (parts.length > 2000) throw unsupported(at, 'UniqueItems of so many elements');
  const twice = parts.filter((part, i) => parts.slice(0, i).some((other) => equal(part, other)));
  if (twice.some(({ kind }) => kind !== 'list' && kind !== 'struct')) return false;
  // CUE lets these pass, as if they could still become different.
  if (twice.length > 0) throw unsupported(at, 'UniqueItems of lists or structs that are equal');
  return true;
}

/** Package `list`. */
export const lists: Package = new Map([
  [
    'MinItems',
    test([L, Kind.int], ([list, n], at) => items(list).length >= count(n, at), {
      openList: 'passes',
      byLength: true,
    }),
  ],
  [
    'MaxItems',
    test([L, Kind.int], ([list, n], at) => items(list).length <= count(n, at), {
      openList: 'counts',
      byLength: true,
    }),
  ],
  ['UniqueItems', test([L], ([list], at) => unique(list!, at), { openList: 'counts' })],
  [
    'Contains',
    test([L, Kind.top], ([list, value], at) => {
      withoutFloats(value!, at);
      return items(withoutFloats(list!, at)).some((item) => equal(item, value!));
    }),
  ],
  [
    'Concat',
    func([L], ([all]) => {
      if (items(all).some(({ kind }) => kind !== 'list')) return 'an element is no list';
      return { kind: 'list', items: items(all).flatMap(items) };
    }),
  ],
]);
