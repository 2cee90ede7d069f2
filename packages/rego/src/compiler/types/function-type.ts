import { OPERAND_NAMES } from '../../builtins/operand-names.ts';
import type { Builtin, BuiltinDeclaration } from '../../builtins/types.ts';
import { fromDeclared } from './algebra.ts';
import type { FunctionType } from './type.ts';

/** Types of built-ins are the same in every policy. */
const functionTypes = new WeakMap<BuiltinDeclaration, FunctionType>();

/** The type of a built-in function. */
export function functionType({ name, declaration }: Builtin): FunctionType {
  let type = functionTypes.get(declaration);
  if (type === undefined) {
    const { args, variadic, result } = declaration;
    type = {
      kind: 'function',
      args: args.map(fromDeclared),
      variadic: variadic === undefined ? undefined : fromDeclared(variadic),
      result: result === undefined ? undefined : fromDeclared(result),
      ...(Object.hasOwn(OPERAND_NAMES, name) ? { names: (OPERAND_NAMES[name] as string).split(' ') } : {}),
    };
    functionTypes.set(declaration, type);
  }
  return type;
}
