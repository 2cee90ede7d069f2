/** `type_name` and the `is_*` tests. */
import { type TypeName, typeName } from '../values/index.ts';
import { registerBuiltin } from './registry.ts';
import { T } from './types.ts';

registerBuiltin('type_name', { args: [T.any], result: T.string }, (_context, value) => typeName(value));

const tested: readonly TypeName[] = ['array', 'boolean', 'null', 'number', 'object', 'set', 'string'];

for (const name of tested) {
  registerBuiltin(
    `is_${name}`,
    { args: [T.any], result: T.boolean },
    (_context, value) => typeName(value) === name,
  );
}
