import type { RegoVersion } from '../ast/types.ts';
import type { GoJson } from '../bundle/json.ts';
import { compareStrings } from '../values/index.ts';
import { builtinTable } from './index.ts';
import type { BuiltinDeclaration, Type } from './types.ts';

const ANY: GoJson = { type: 'any' };

/**
 * What this Rego has, in the shape of OPA's `capabilities.json`: built-in functions with their types, keywords,
 * features. Descriptions are left out. Version 0 of the language has keywords that have to be imported.
 */
export function capabilities(regoVersion: RegoVersion = 'v1'): GoJson {
  const isShown = (name: string): boolean =>
    !name.startsWith('internal.') || /^internal\.(?:member_[23]|print|template_string)$/.test(name);
  return {
    builtins: builtinsJson({ has: isShown }),
    ...(regoVersion === 'v0'
      ? {
          future_keywords: ['and', 'contains', 'every', 'if', 'in', 'not', 'or'],
          features: [
            'keywords_in_refs',
            'rego_v1',
            'rego_v1_import',
            'rule_head_ref_string_prefixes',
            'rule_head_refs',
          ],
        }
      : {
          future_keywords: ['and', 'not', 'or'],
          features: ['keywords_in_refs', 'rego_v1', 'template_strings'],
        }),
  };
}

/** Built-in functions of these names, as `capabilities.json` has them, in the order of their names. */
export function builtinsJson(names: {
  has(name: string): boolean;
}): { readonly [name: string]: GoJson | undefined }[] {
  return [...builtinTable().values()]
    .filter(({ name }) => names.has(name))
    .sort((a, b) => compareStrings(a.name, b.name))
    .map(({ name, declaration, relation }) => ({
      name,
      decl: declarationJson(declaration),
      infix: declaration.infix,
      relation: relation === undefined ? undefined : true,
      deprecated: declaration.deprecated,
      nondeterministic: declaration.nondeterministic,
    }));
}

/** The functions of the language that policies call by name. */
export function builtinNames(): string[] {
  return [...builtinTable().keys()].filter((name) => !name.startsWith('internal.'));
}

function declarationJson({ args, variadic, result }: BuiltinDeclaration): GoJson {
  return {
    args: args.length === 0 ? undefined : args.map(typeJson),
    result: result === undefined ? undefined : typeJson(result),
    type: 'function',
    variadic: variadic === undefined ? undefined : typeJson(variadic),
  };
}

function typeJson(type: Type): GoJson {
  switch (type.type) {
    case 'array':
      return {
        dynamic: type.rest === null ? undefined : typeJson(type.rest),
        static: type.items.length === 0 ? undefined : type.items.map(typeJson),
        type: 'array',
      };
    case 'object':
      return {
        dynamic:
          type.rest === null ? undefined : { key: typeJson(type.rest[0]), value: typeJson(type.rest[1]) },
        static:
          type.members.length === 0
            ? undefined
            : type.members.map(([key, value]) => ({ key, value: typeJson(value) })),
        type: 'object',
      };
    case 'set':
      return { of: typeJson(type.of), type: 'set' };
    case 'union':
      return { of: type.of.map(typeJson), type: 'any' };
    default:
      return type.type === 'any' ? ANY : { type: type.type };
  }
}
