/** Go's `encoding/json` output: members sorted by name, and `<`, `>`, `&`, U+2028 and U+2029 escaped. */
import { compareStrings, numberText, RegoNumber, RegoObject, type Value } from '../../values/index.ts';

/** JSON text as `json.Marshal` writes it, or `json.MarshalIndent` where `indent` is given. */
export function marshalJson(
  value: Value,
  indent?: { readonly prefix: string; readonly indent: string },
): string {
  return indent === undefined ? compact(value) : indented(value, `\n${indent.prefix}`, indent.indent);
}

/** A JSON string literal. */
export function marshalString(text: string): string {
  if (/^[ !#-%'-;=?-[\]-~]*$/.test(text)) return `"${text}"`;
  return JSON.stringify(text.toWellFormed())
    .replaceAll('\ufffd', text.isWellFormed() ? '\ufffd' : '\\ufffd')
    .replace(
      /[<>&\u2028\u2029]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

function compact(value: Value): string {
  if (value === null || typeof value !== 'object') return scalar(value);
  if (value instanceof RegoNumber) return numberText(value);
  if (value instanceof RegoObject) {
    return `{${members(value)
      .map(([name, member]) => `${marshalString(name)}:${compact(member)}`)
      .join(',')}}`;
  }
  return `[${elements(value).map(compact).join(',')}]`;
}

function indented(value: Value, newline: string, indent: string): string {
  if (value === null || typeof value !== 'object') return scalar(value);
  if (value instanceof RegoNumber) return numberText(value);
  const inner = newline + indent;
  const object = value instanceof RegoObject;
  const items = object
    ? members(value).map(([name, member]) => `${marshalString(name)}: ${indented(member, inner, indent)}`)
    : elements(value).map((item) => indented(item, inner, indent));
  const [open, close] = object ? '{}' : '[]';
  return items.length === 0
    ? `${open}${close}`
    : `${open}${inner}${items.join(`,${inner}`)}${newline}${close}`;
}

function scalar(value: null | boolean | number | string): string {
  return typeof value === 'string' ? marshalString(value) : String(value);
}

function elements(
  value: Exclude<Value, null | boolean | number | string | RegoNumber | RegoObject>,
): readonly Value[] {
  return value.rank === 4 ? value.items : value.values();
}

/** Keys that are not strings are written as their JSON text. */
function members(object: RegoObject): readonly (readonly [string, Value])[] {
  const keys = object.keys();
  const named = keys.map((key) => [typeof key === 'string' ? key : compact(key), object.get(key)!] as const);
  return keys.every((key) => typeof key === 'string')
    ? named
    : named.sort(([a], [b]) => compareStrings(a, b));
}
