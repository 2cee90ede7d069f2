import { toTerm } from '../../values/index.ts';
import type { FunctionType, Maybe } from './type.ts';

/** A type as messages show it. */
export function typeText(type: Maybe): string {
  switch (type?.kind) {
    case undefined:
      return '???';
    case 'array':
      return `array${list(type.items.map(typeText))}${type.rest === undefined ? '' : `[${typeText(type.rest)}]`}`;
    case 'object': {
      const members = type.members.map(
        ([key, value]) => `${typeof key === 'string' ? key : toTerm(key)}: ${typeText(value)}`,
      );
      const rest = type.rest === undefined ? '' : `[${typeText(type.rest[0])}: ${typeText(type.rest[1])}]`;
      return `object${list(members)}${rest}`;
    }
    case 'set':
      return `set[${typeText(type.of)}]`;
    case 'any':
      return `any${list(type.of.map(typeText))}`;
    case 'recursive':
      return `recursive(${type.name})`;
    case 'function':
      return `(${type.args.map(typeText).join(', ')}) => ${typeText(type.result)}`;
    default:
      return type?.kind ?? '???';
  }
}

/** What a function takes: `search: string, base: string`. */
export function operandsText(type: FunctionType): string {
  return namedTypes(type.args, type);
}

/** What a function takes and, last, gives: `search: string, base: string, result: boolean`. */
export function signatureText(type: FunctionType): string {
  return namedTypes(type.result === undefined ? type.args : [...type.args, type.result], type);
}

function namedTypes(types: readonly Maybe[], { names = [] }: FunctionType): string {
  return types
    .map((type, index) => {
      const name = names[index] ?? '_';
      return name === '_' ? typeText(type) : `${name}: ${typeText(type)}`;
    })
    .join(', ');
}

function list(parts: readonly string[]): string {
  return parts.length === 0 ? '' : `<${parts.join(', ')}>`;
}
