/** `regex.template_match`: literal text with patterns between delimiters, e.g. `urn:foo:{.*}`. */
import type { RE2JS } from 're2js';
import { RE2JS as Re2 } from 're2js';
import { quote } from '../go/quote.ts';
import { byteString } from '../go/utf8.ts';
import { BuiltinError } from '../types.ts';
import { compileRegex } from './cache.ts';

export function compileTemplate(template: string, open: string, close: string): RE2JS {
  const openBytes = byteString(open).length;
  if (openBytes !== 1) throw delimiterError('start', openBytes);
  // OPA shows the length of the start delimiter here too.
  if (byteString(close).length !== 1) throw delimiterError('end', openBytes);
  let pattern = '^';
  let literalFrom = 0;
  let depth = 0;
  let openedAt = 0;
  for (let at = 0; at < template.length; at++) {
    if (template[at] === open) {
      if (depth++ === 0) openedAt = at;
    } else if (template[at] === close) {
      if (--depth < 0) throw unbalanced(template);
      if (depth > 0) continue;
      const inner = template.slice(openedAt + 1, at);
      compileRegex(`^${inner}$`);
      pattern += `${Re2.quote(template.slice(literalFrom, openedAt))}(${inner})`;
      literalFrom = at + 1;
    }
  }
  if (depth !== 0) throw unbalanced(template);
  return compileRegex(`${pattern}${Re2.quote(template.slice(literalFrom))}$`);
}

function delimiterError(which: 'start' | 'end', length: number): BuiltinError {
  return new BuiltinError(`${which} delimiter has to be exactly one character long but is ${length} long`);
}

function unbalanced(template: string): BuiltinError {
  return new BuiltinError(`unbalanced braces in ${quote(template)}`);
}
