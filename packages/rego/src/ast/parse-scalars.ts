import { rethrowOverflow } from '../stack.ts';
import type { Parser } from './parser.ts';
import { T } from './tokens.ts';
import type { Term } from './types.ts';

/** A number, with a minus before it or without its leading zero (`.5`). Keeps the source text. */
export function parseNumber(p: Parser): Term | undefined {
  const location = p.loc();
  let prefix = '';
  if (p.tok === T.Sub) {
    prefix = '-';
    p.scan();
    if (!p.at(T.Number) && !p.at(T.Dot)) {
      p.illegal('expected number');
      return undefined;
    }
  }
  if (p.at(T.Dot)) {
    prefix += '.';
    p.scan();
    if (!p.at(T.Number)) {
      p.illegal('expected number');
      return undefined;
    }
  }
  const lit = p.lit;
  if (!prefix.endsWith('.') && /^0./.test(lit) && !/^0(\.|[eE].)/.test(lit)) {
    p.illegal('expected number without leading zero');
    return undefined;
  }
  const text = prefix + lit;
  const size = binaryExponent(text);
  if (size === undefined) {
    p.illegal('invalid float');
    return undefined;
  }
  if (Math.abs(size) > MAX_BINARY_EXPONENT) {
    p.error(p.loc(), 'number too big');
    return undefined;
  }
  return { kind: 'number', text, location };
}

/** OPA's bound: beyond it, arithmetic on the number would cost out of all proportion to its text. */
const MAX_BINARY_EXPONENT = 1e5;

/** The power of two just above the absolute value of a decimal; 0 for 0; undefined where the text is no number. */
function binaryExponent(text: string): number | undefined {
  const match = /^-?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const digits = `${match[1]}${match[2] ?? ''}`;
  const first = digits.search(/[1-9]/);
  const exponent = Number(match[3] ?? 0);
  // Go reads the exponent as an int64.
  if (Math.abs(exponent) >= 2 ** 63) return undefined;
  if (first < 0) return 0;
  const leading = Number(`0.${digits.slice(first, first + 17)}`);
  const decimal = (match[1] ?? '').length - first + exponent;
  return Math.floor(Math.log2(leading) + decimal * Math.log2(10)) + 1;
}

/** The string of the current token, quoted or raw. */
export function parseString(p: Parser): Term | undefined {
  const location = p.loc();
  const inner = p.lit.slice(1, -1);
  if (p.lit.startsWith('`') || !inner.includes('\\')) return { kind: 'string', value: inner, location };
  const value = jsonUnescape(inner);
  if (value === undefined) {
    p.error(location, `illegal string literal: ${p.lit}`);
    return undefined;
  }
  return { kind: 'string', value, location };
}

/** The text of the current token, part of a template string, without its delimiters. */
export function templatePart(p: Parser, raw: boolean): string | undefined {
  const inner = p.lit.slice(1, -1);
  switch (p.tok) {
    case T.TemplatePart:
    case T.TemplateEnd:
    case T.RawTemplatePart:
    case T.RawTemplateEnd:
      if (raw || !inner.includes('\\')) return inner;
      break;
    default:
      p.error(p.loc(), 'expected template-string part');
      return undefined;
  }
  const value = jsonUnescape(inner);
  if (value === undefined) p.error(p.loc(), `illegal template-string part: ${p.lit}`);
  return value;
}

/** JSON's escapes, as Go reads them: half a surrogate pair becomes the replacement character. */
function jsonUnescape(inner: string): string | undefined {
  try {
    const value: unknown = JSON.parse(`"${inner}"`);
    return typeof value === 'string' ? value.toWellFormed() : undefined;
  } catch (error) {
    rethrowOverflow(error);
    return undefined;
  }
}
