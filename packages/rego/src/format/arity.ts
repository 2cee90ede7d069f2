import type { SourceErrorEntry } from '../ast/errors.ts';
import { kindName } from '../ast/nodes.ts';
import type { Location, Term } from '../ast/types.ts';

const NUMBERS = ['number', 'number'];
const SETS = ['set[any]', 'set[any]'];

/** The operand types of infix operators that do not take just anything. */
const OPERANDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['and', SETS],
  ['or', SETS],
  ['plus', NUMBERS],
  ['mul', NUMBERS],
  ['div', NUMBERS],
  ['rem', NUMBERS],
  ['minus', ['any<number, set[any]>', 'any<number, set[any]>']],
  ['internal.member_3', ['any', 'any', 'any']],
  ['in', ['any', 'any', 'any']],
]);

/** The complaint about an operator called by its name with the wrong number of operands. */
export function arityMismatch(name: string, args: readonly Term[], location: Location): SourceErrorEntry {
  const want = OPERANDS.get(name) ?? ['any', 'any'];
  const have = args.map(kindName);
  return {
    code: 'rego_type_error',
    message: `${name}: arity mismatch\n\thave: (${have.join(',')})\n\twant: (${want.join(',')})`,
    location,
  };
}
