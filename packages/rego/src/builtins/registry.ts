import type { Builtin, BuiltinDeclaration, BuiltinFunction, RelationFunction } from './types.ts';

/** The built-ins of the language, filled by the modules of this folder as they are loaded. */
const builtins = new Map<string, Builtin>();

export function registerBuiltin(name: string, declaration: BuiltinDeclaration, call: BuiltinFunction): void {
  builtins.set(name, { name, declaration, call });
}

/** Registers a built-in with many results. */
export function registerRelation(
  name: string,
  declaration: BuiltinDeclaration,
  relation: RelationFunction,
): void {
  builtins.set(name, { name, declaration, relation });
}

/**
 * The built-ins an engine works with: the language's own, and those its host adds. A host built-in may not take the
 * name of one of the language.
 */
export function builtinTable(host: readonly Builtin[] = []): ReadonlyMap<string, Builtin> {
  if (host.length === 0) return builtins;
  const table = new Map(builtins);
  for (const builtin of host) {
    if (builtins.has(builtin.name)) throw new TypeError(`${builtin.name} is a built-in function of Rego`);
    table.set(builtin.name, builtin);
  }
  return table;
}
