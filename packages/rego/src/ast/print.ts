import { BUILTIN_NAMES, INFIX_OPERATORS } from './builtin-names.ts';
import { sortedItems, sortedPairs } from './compare.ts';
import { isCallOf, operatorName } from './nodes.ts';
import { isKeyword } from './tokens.ts';
import type { Body, Expr, Not, Term, With } from './types.ts';

/*
 * Terms and expressions as OPA prints them in error messages and traces (`v1/ast/term_appenders.go`,
 * `v1/ast/policy_appenders.go`): one line, members in OPA's order, operators as calls. `format` is what people read.
 */

/** A term as OPA's `String()` prints it. */
export function termText(term: Term): string {
  switch (term.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(term.value);
    case 'number':
      return term.text;
    case 'string':
      return quote(term.value);
    case 'var':
      return term.name.startsWith('$') ? '_' : term.name;
    case 'ref':
      return refText(term.terms);
    case 'call':
      return `${termText(term.operator)}(${term.args.map(termText).join(', ')})`;
    case 'array':
      return `[${term.items.map(termText).join(', ')}]`;
    case 'set':
      return term.items.length === 0 ? 'set()' : `{${sortedItems(term).map(termText).join(', ')}}`;
    case 'object':
      return `{${sortedPairs(term)
        .map(([key, value]) => `${termText(key)}: ${termText(value)}`)
        .join(', ')}}`;
    case 'arrayComprehension':
      return `[${comprehensionTerm(term.term)} | ${bodyText(term.body)}]`;
    case 'setComprehension':
      return `{${comprehensionTerm(term.term)} | ${bodyText(term.body)}}`;
    case 'objectComprehension':
      return `{${comprehensionTerm(term.key)}: ${comprehensionTerm(term.value)} | ${bodyText(term.body)}}`;
    case 'templateString':
      return `$"${term.parts.map(templatePartText).join('')}"`;
  }
}

function templatePartText(part: Term | Expr): string {
  if (part.kind === 'expr') return `{${exprText(part)}}`;
  if (part.kind !== 'string') return termText(part);
  return quote(part.value)
    .slice(1, -1)
    .replace(/(?<!\\)\{/g, '\\{');
}

const INFIX_TEXT: Readonly<Record<string, string>> = {
  and: '&',
  assign: ':=',
  div: '/',
  eq: '=',
  equal: '==',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
  minus: '-',
  mul: '*',
  neq: '!=',
  or: '|',
  plus: '+',
  rem: '%',
};

/** How the operator of the built-in function `name` is written between its operands, if it is. `in` is not one. */
export function infixOf(name: string): string | undefined {
  return INFIX_OPERATORS.has(name) ? INFIX_TEXT[name] : undefined;
}

/** Operators in parentheses: a bare `|` would begin the comprehension's body. */
function comprehensionTerm(term: Term): string {
  if (term.kind === 'call' && term.args.length === 2) {
    const infix = infixOf(operatorName(term.operator) ?? '');
    if (infix !== undefined) {
      return `(${comprehensionTerm(term.args[0]!)} ${infix} ${comprehensionTerm(term.args[1]!)})`;
    }
  }
  return termText(term);
}

/** A ref, as OPA's `Ref.String()` prints it. */
export function refText(terms: readonly Term[]): string {
  const [head, ...rest] = terms;
  if (head === undefined) return '';
  const first = head.kind === 'string' ? head.value : termText(head);
  if (rest.length === 0) return first;
  const builtin = operatorName({ kind: 'ref', terms: [...terms], location: head.location });
  if (builtin !== undefined && BUILTIN_NAMES.has(builtin)) return builtin;
  return first + rest.map(refPartText).join('');
}

function refPartText(term: Term): string {
  if (term.kind !== 'string') return `[${termText(term)}]`;
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(term.value) && !isKeyword(term.value, 'v1')) return `.${term.value}`;
  // OPA leaves everything but control characters and backslashes as it is, quotes included.
  return /[\u0000-\u001f\u007f\\]/.test(term.value) ? `[${quote(term.value)}]` : `["${term.value}"]`;
}

/** A body, as OPA's `Body.String()` prints it. */
export function bodyText(body: Body): string {
  return body.map(exprText).join('; ');
}

/** An expression, as OPA's `Expr.String()` prints it. */
export function exprText(expr: Expr): string {
  const parts = [exprTermsText(expr.terms), ...expr.with.map(withText)];
  return `${expr.negated ? 'not ' : ''}${parts.join(' ')}`;
}

function withText({ target, value }: With): string {
  return `with ${termText(target)} as ${termText(value)}`;
}

function exprTermsText(terms: Expr['terms']): string {
  switch (terms.kind) {
    case 'call':
      if (isCallOf(terms, 'eq') && terms.args.length === 2) return terms.args.map(termText).join(' = ');
      return termText(terms);
    case 'some': {
      const first = terms.symbols[0];
      if (first?.kind !== 'call') return `some ${terms.symbols.map(termText).join(', ')}`;
      const members = first.args.map(termText);
      return `some ${members.slice(0, -1).join(', ')} in ${members.at(-1)}`;
    }
    case 'every': {
      const key = terms.key === undefined ? '' : `${termText(terms.key)}, `;
      return `every ${key}${termText(terms.value)} in ${termText(terms.domain)} { ${bodyText(terms.body)} }`;
    }
    case 'not':
      return notText(terms);
    case 'logicalAnd':
    case 'logicalOr': {
      const word = terms.kind === 'logicalAnd' ? 'and' : 'or';
      const lhs = operandText(terms.lhs, terms.explicitLhs, word, false);
      return `${lhs} ${word} ${operandText(terms.rhs, terms.explicitRhs, word, true)}`;
    }
    default:
      return termText(terms);
  }
}

function notText({ body, explicitBody }: Not): string {
  const only = body[0];
  if (explicitBody || body.length !== 1 || only === undefined) return `not {${bodyText(body)}}`;
  const kind = only.terms.kind;
  const parens =
    only.with.length > 0 ||
    kind === 'logicalAnd' ||
    kind === 'logicalOr' ||
    kind === 'not' ||
    leadsWithBrace(only.terms);
  return parens ? `not (${bodyText(body)})` : `not ${bodyText(body)}`;
}

function operandText(body: Body, explicit: boolean, word: 'and' | 'or', isRight: boolean): string {
  if (explicit || body.length !== 1) return `{ ${bodyText(body)} }`;
  return operandNeedsParens(body[0]!, word, isRight) ? `(${bodyText(body)})` : bodyText(body);
}

/** Whether an operand of `and` or `or` would be read as something else without parentheses. */
export function operandNeedsParens(expr: Expr, word: 'and' | 'or', isRight: boolean): boolean {
  if (expr.with.length > 0) return true;
  if (expr.terms.kind === 'logicalOr') return word === 'and' || isRight;
  if (expr.terms.kind === 'logicalAnd') return word === 'and' && isRight;
  return leadsWithBrace(expr.terms);
}

/** Whether the term prints with a `{` first, which in an operand would open a body. */
export function leadsWithBrace(term: Expr['terms']): boolean {
  switch (term.kind) {
    case 'set':
      return term.items.length > 0;
    case 'object':
    case 'setComprehension':
    case 'objectComprehension':
      return true;
    case 'ref':
      return term.terms.length > 0 && leadsWithBrace(term.terms[0]!);
    default:
      return false;
  }
}

const GO_ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** A string literal as Go's `strconv.Quote` writes it: what is not printable becomes an known. */
export function quote(value: string): string {
  if (!/[^ -~]|["\\]/.test(value)) return `"${value}"`;
  let quoted = '"';
  for (const character of value) {
    const known = GO_ESCAPES[character];
    const code = character.codePointAt(0)!;
    if (known !== undefined) quoted += known;
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) quoted += character;
    else if (code < 0x10000) quoted += `\\u${code.toString(16).padStart(4, '0')}`;
    else quoted += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${quoted}"`;
}
