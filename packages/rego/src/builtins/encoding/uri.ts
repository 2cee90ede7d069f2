/** `uri.parse`, `uri.is_valid`, `urlquery.*`. */

import { rethrowOverflow } from '../../stack.ts';
import { compareStrings, RegoArray, RegoObject, type Value } from '../../values/index.ts';
import { marshalJson } from '../go/json.ts';
import { hostname, parseUrl, port, queryEscape, queryUnescape, UrlError } from '../go/url.ts';
import { chargeText } from '../limits.ts';
import { objectOperand, stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { BuiltinError, OperandError, T } from '../types.ts';

registerBuiltin(
  'uri.parse',
  { args: [T.string], result: T.object([T.string, T.string]) },
  (_context, text) => {
    const url = orBuiltinError(() => parseUrl(stringOperand(text, 1)));
    const parts: readonly (readonly [string, string])[] = [
      ['scheme', url.scheme],
      ['hostname', hostname(url)],
      ['port', port(url)],
      ['path', url.path],
      ['raw_path', url.path === '' ? '' : url.rawPath || url.path],
      ['raw_query', url.rawQuery],
      ['fragment', url.fragment],
    ];
    return RegoObject.of(parts.filter(([, part]) => part !== ''));
  },
);

registerBuiltin('uri.is_valid', { args: [T.string], result: T.boolean }, (_context, text) => {
  if (typeof text !== 'string' || text === '') return false;
  try {
    parseUrl(text);
    return true;
  } catch (error) {
    rethrowOverflow(error);
    return false;
  }
});

registerBuiltin('urlquery.encode', { args: [T.string], result: T.string }, (context, text) => {
  const operand = stringOperand(text, 1);
  chargeText(context, operand.length * 3);
  return queryEscape(operand);
});

registerBuiltin('urlquery.decode', { args: [T.string], result: T.string }, (context, text) => {
  const operand = stringOperand(text, 1);
  chargeText(context, operand.length);
  return orBuiltinError(() => queryUnescape(operand));
});

registerBuiltin(
  'urlquery.encode_object',
  { args: [T.object([T.string, T.union(T.string, T.array(T.string), T.set(T.string))])], result: T.string },
  (context, object) => {
    const pairs: string[] = [];
    for (const [key, value] of objectOperand(object, 1).entries()) {
      for (const item of texts(value)) {
        const pair = `${queryEscape(typeof key === 'string' ? key : marshalJson(key))}=${queryEscape(item)}`;
        chargeText(context, pair.length);
        pairs.push(pair);
      }
    }
    return pairs.join('&');
  },
);

function texts(value: Value): readonly string[] {
  if (typeof value === 'string') return [value];
  const composite = typeof value === 'object' && value !== null ? value : undefined;
  const items =
    composite?.rank === 4 ? composite.items : composite?.rank === 6 ? composite.values() : undefined;
  if (items === undefined || items.some((item) => typeof item !== 'string')) {
    throw new OperandError('operand 1 values must be string, array[string], or set[string]');
  }
  return items as readonly string[];
}

registerBuiltin(
  'urlquery.decode_object',
  { args: [T.string], result: T.object([T.string, T.array(T.string)]) },
  (context, text) => {
    const operand = stringOperand(text, 1);
    chargeText(context, operand.length);
    const found = new Map<string, string[]>();
    for (const pair of operand.split('&')) {
      if (pair === '') continue;
      if (pair.includes(';')) throw new BuiltinError('invalid semicolon separator in query');
      const equals = pair.indexOf('=');
      const name = orBuiltinError(() => queryUnescape(equals < 0 ? pair : pair.slice(0, equals)));
      const value = orBuiltinError(() => queryUnescape(equals < 0 ? '' : pair.slice(equals + 1)));
      const values = found.get(name);
      if (values === undefined) found.set(name, [value]);
      else values.push(value);
    }
    const names = [...found.keys()].sort(compareStrings);
    return RegoObject.of(names.map((name) => [name, new RegoArray(found.get(name)!)] as const));
  },
);

function orBuiltinError<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof UrlError) throw new BuiltinError(error.message);
    throw error;
  }
}
