import { OPERAND_NAMES } from '../../builtins/operand-names.ts';
import type { Builtin } from '../../builtins/types.ts';
import { fromDeclared } from './algebra.ts';
import type { FunctionType } from './type.ts';

/** Types of built-ins are the same in every policy. By the function and not by its declaration, which several share: their operands have names of their own. */
const functionTypes = new WeakMap<Builtin, FunctionType>();

/** The type of a built-in function. */
export function functionType(builtin: Builtin): FunctionType {
  let type = functionTypes.get(builtin);
  if (type === undefined) {
    const { name, declaration } = builtin;
    const { args, variadic, result } = declaration;
    type = {
      kind: 'function',
      args: args.map(fromDeclared),
      variadic: variadic === undefined ? undefined : fromDeclared(variadic),
      result: result === undefined ? undefined : fromDeclared(result),
      ...(Object.hasOwn(OPERAND_NAMES, name) ? { names: (OPERAND_NAMES[name] as string).split(' ') } : {}),
    };
    functionTypes.set(builtin, type);
  }
  return type;
}
