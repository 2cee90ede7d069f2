import type { GoJson } from '../bundle/json.ts';
import { compareStrings } from '../values/index.ts';
import { builtinTable } from './index.ts';
import type { BuiltinDeclaration, Type } from './types.ts';

const ANY: GoJson = { type: 'any' };

/**
 * What this Rego has, in the shape of OPA's `capabilities.json`: built-in functions with their types, keywords,
 * features. Descriptions are left out.
 */
export function capabilities(): GoJson {
  const builtins = [...builtinTable().values()].sort((a, b) => compareStrings(a.name, b.name));
  return {
    builtins: builtins
      .filter(
        ({ name }) =>
          !name.startsWith('internal.') || /^internal\.(?:member_[23]|print|template_string)$/.test(name),
      )
      .map(({ name, declaration, relation }) => ({
        name,
        decl: declarationJson(declaration),
        infix: declaration.infix,
        relation: relation === undefined ? undefined : true,
        nondeterministic: declaration.nondeterministic,
        deprecated: declaration.deprecated,
      })),
    future_keywords: ['and', 'not', 'or'],
    features: ['keywords_in_refs', 'rego_v1', 'template_strings'],
  };
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
