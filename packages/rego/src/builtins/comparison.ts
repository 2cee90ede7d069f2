/** The comparison operators. `=` and `:=` are compiled away; their entries give the compiler their declarations. */
import { compare, equal, type Value } from '../values/index.ts';
import { registerBuiltin } from './registry.ts';
import { T } from './types.ts';

register('equal', '==', equal);
register('neq', '!=', (a, b) => !equal(a, b));
register('lt', '<', (a, b) => compare(a, b) < 0);
register('lte', '<=', (a, b) => compare(a, b) <= 0);
register('gt', '>', (a, b) => compare(a, b) > 0);
register('gte', '>=', (a, b) => compare(a, b) >= 0);
register('eq', '=', equal);
register('assign', ':=', equal);

function register(name: string, infix: string, holds: (a: Value, b: Value) => boolean): void {
  registerBuiltin(name, { args: [T.any, T.any], result: T.boolean, infix }, (_context, a, b) => holds(a, b));
}
