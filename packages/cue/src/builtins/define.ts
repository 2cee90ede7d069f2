import { limits } from '../limits.ts';
import type { Place } from '../syntax/source.ts';
import { unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { type CueNumber, int } from '../values/number.ts';
import { bool, string } from '../values/scalar.ts';
import type { Builtin } from './types.ts';

type Call = (Builtin & { type: 'function' })['call'];

/** A function with a result that is no constraint. */
export const func = (parameters: readonly number[], call: Call): Builtin => ({
  type: 'function',
  parameters,
  validates: false,
  call,
});

/** A function that says yes or no, and so may constrain its first argument. */
export const test = (
  parameters: readonly number[],
  call: (args: readonly Concrete[], at: Place) => boolean,
  list: Pick<Builtin & { type: 'function' }, 'openList' | 'byLength'> = {},
): Builtin => ({
  type: 'function',
  parameters,
  validates: true,
  call: (args, at) => bool(call(args, at)),
  ...list,
});

export const constant = (value: string | number | bigint): Builtin => ({
  type: 'constant',
  value: typeof value === 'string' ? string(value) : int(value),
});

/** A list that a function makes. */
export function listOf(made: readonly Concrete[], at: Place): Concrete {
  if (made.length > limits.elements) throw unsupported(at, 'a list of such a length');
  return { kind: 'list', items: made };
}

/** The text of an argument whose kind has been seen to be one. */
export const text = (value: Concrete | undefined): string => (value as { value: string }).value;

/** The int of an argument whose kind has been seen to be one. */
export function count(value: Concrete | undefined, at: Place): number {
  const { coefficient } = value as CueNumber;
  if (coefficient < -1_000_000n || coefficient > 1_000_000n)
    throw unsupported(at, 'an int of such a size here');
  return Number(coefficient);
}

export const items = (value: Concrete | undefined): readonly Concrete[] =>
  (value as { items: readonly Concrete[] }).items;
