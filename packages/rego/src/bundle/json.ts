import {
  compareStrings,
  numberText,
  RegoArray,
  RegoNumber,
  RegoObject,
  RegoSet,
  toJsonText,
  type Value,
} from '../values/index.ts';

/** What {@link goJson} writes: Rego values, and Go structs as maps or plain objects whose order is kept. */
export type GoJson =
  | Value
  | readonly GoJson[]
  | ReadonlyMap<string, GoJson | undefined>
  | { readonly [name: string]: GoJson | undefined };

/**
 * JSON text as Go's `encoding/json` writes it, which is what OPA prints: `<`, `>` and `&` escaped, keys of Rego objects
 * in the order of their text, members that are undefined left out. Numbers keep all their digits.
 */
export function goJson(value: GoJson, indent = ''): string {
  return write(value, indent, indent === '' ? '' : '\n');
}

/** Compact JSON text with line breaks, as Go's `json.Indent` makes them; whatever stands in it stays as it is. */
export function indentJson(text: string, indent: string): string {
  let depth = 0;
  const newline = (): string => `\n${indent.repeat(depth)}`;
  return text.replace(/"(?:[^"\\]|\\.)*"|\{\}|\[\]|[{}[\],:]/g, (token) => {
    switch (token) {
      case '{':
      case '[':
        depth++;
        return token + newline();
      case '}':
      case ']':
        depth--;
        return newline() + token;
      case ',':
        return token + newline();
      case ':':
        return ': ';
      default:
        return token;
    }
  });
}

/** A JSON string as Go's encoder writes it. */
export function goString(value: string): string {
  return JSON.stringify(value.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function write(value: GoJson, indent: string, newline: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return goString(value);
  if (typeof value === 'number' || value instanceof RegoNumber) return numberText(value);
  const inner = newline === '' ? '' : newline + indent;
  const items = itemsOf(value);
  const parts: string[] = [];
  // Loops, since the functions given to `map` would take more of the stack for each level.
  if (items !== undefined) for (const item of items) parts.push(write(item, indent, inner));
  else {
    const colon = newline === '' ? ':' : ': ';
    for (const [name, item] of membersOf(value as Exclude<typeof value, readonly GoJson[]>))
      parts.push(goString(name) + colon + write(item, indent, inner));
  }
  const [open, close] = items === undefined ? ['{', '}'] : ['[', ']'];
  return parts.length === 0 ? open + close : `${open}${inner}${parts.join(`,${inner}`)}${newline}${close}`;
}

/** Of what is written as an array. */
function itemsOf(value: GoJson): readonly GoJson[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof RegoArray) return value.items;
  return value instanceof RegoSet ? value.values() : undefined;
}

function membersOf(
  value: RegoObject | ReadonlyMap<string, GoJson | undefined> | object,
): (readonly [string, GoJson])[] {
  if (value instanceof RegoObject) {
    return value
      .unorderedKeys()
      .map((key) => [typeof key === 'string' ? key : toJsonText(key), value.get(key) as Value] as const)
      .sort(([a], [b]) => compareStrings(a, b));
  }
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return entries.filter((entry): entry is [string, GoJson] => entry[1] !== undefined);
}
