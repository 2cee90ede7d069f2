import { isCallOf, kindName, NO_LOCATION } from './nodes.ts';
import { parseLiteral, parseQuery } from './parse-body.ts';
import { parseNumber, parseString, templatePart } from './parse-scalars.ts';
import { type Parser, place } from './parser.ts';
import { PRECEDENCE, T, TOKEN_NAMES } from './tokens.ts';
import type { Body, Location, Ref, TemplateString, Term } from './types.ts';
import { uniqueItems } from './unique.ts';

/*
 * Each function reads one construct, leaves the parser at the token after it, and returns undefined (with an error
 * recorded) where there is none. As in OPA, an operator without a right side leaves the left side standing: the error
 * is recorded, and the rest of the statement is still read for more.
 */

/** A term with infix operators, `k, v in xs` included. */
export function parseInfix(p: Parser): Term | undefined {
  if (p.memo !== undefined && p.memo.offset === p.start && p.tok !== T.EOF) {
    p.restore(p.memo.after);
    return p.memo.term;
  }
  return parseIn(p, undefined, true, p.start);
}

/** As {@link parseInfix}, where a comma separates members. */
function parseInfixInList(p: Parser): Term | undefined {
  return parseIn(p, undefined, false, p.start);
}

function parseIn(p: Parser, first: Term | undefined, keyValue: boolean, offset: number): Term | undefined {
  let lhs = parseOperators(p, first, 2, offset);
  if (lhs === undefined) return undefined;
  let chain = 0;
  for (;;) {
    if (keyValue && p.tok === T.Comma) {
      const saved = p.save();
      p.scan();
      const middle = parseOperators(p, undefined, 2, offset);
      if (middle !== undefined && (p.tok as number) === T.In) {
        const operator = memberRef(p, 'member_3');
        const rhs = parseOperators(p, undefined, 2, p.start);
        if (rhs !== undefined) {
          lhs = call(p, operator, [lhs, middle, rhs], offset);
          if ((p.tok as number) !== T.In) break;
          p.enter();
          chain++;
          continue;
        }
      }
      p.restore(saved);
    }
    p.keywordAsRefHead();
    if (p.tok !== T.In) break;
    const operator = memberRef(p, 'member_2');
    const rhs = parseOperators(p, undefined, 2, p.start);
    if (rhs === undefined) break;
    lhs = call(p, operator, [lhs, rhs], offset);
    if (p.tok !== T.In) break;
    p.enter();
    chain++;
  }
  p.depth -= chain;
  return lhs;
}

/** Infix operators that bind at least as tightly as `minimum`. */
function parseOperators(
  p: Parser,
  first: Term | undefined,
  minimum: number,
  offset: number,
): Term | undefined {
  let lhs = first ?? parseTerm(p);
  if (lhs === undefined) return undefined;
  let limit = 6;
  let chain = 0;
  for (;;) {
    const precedence = PRECEDENCE[p.tok]!;
    if (precedence < minimum || precedence > limit) break;
    const operator = operatorRef(p);
    const rhs = parseOperators(p, undefined, precedence + 1, p.start);
    if (rhs === undefined) {
      limit = precedence - 1;
      continue;
    }
    lhs = call(p, operator, [lhs, rhs], offset);
    limit = precedence;
    p.enter();
    chain++;
  }
  p.depth -= chain;
  return lhs;
}

function call(p: Parser, operator: Ref, args: Term[], offset: number): Term {
  const at = args[0]!.location;
  const location = {
    file: at.file,
    row: at.row,
    col: at.col,
    offset: at.offset,
    text: p.text.slice(offset, p.lastEnd),
  };
  return { kind: 'call', operator, args, location };
}

/** The current token as name of the built-in function it stands for. */
export function operatorRef(p: Parser): Ref {
  const location = p.loc();
  const name = TOKEN_NAMES[p.tok]!;
  p.scan();
  return { kind: 'ref', terms: [{ kind: 'var', name, location }], location };
}

function memberRef(p: Parser, name: string): Ref {
  const location = p.loc();
  p.scan();
  const terms: Term[] = [
    { kind: 'var', name: 'internal', location },
    { kind: 'string', value: name, location },
  ];
  return { kind: 'ref', terms, location };
}

/** A term without infix operators. */
export function parseTerm(p: Parser): Term | undefined {
  p.enter();
  const term = parseTermInner(p);
  p.leave();
  return term;
}

function parseTermInner(p: Parser): Term | undefined {
  let term: Term | undefined;
  let minus: Location | undefined;
  // `and(x, y)` and `or(x, y)` stay calls of the set functions where the words are keywords.
  if ((p.tok === T.LogicalAnd || p.tok === T.LogicalOr) && p.peekWhitespace() === T.LParen) p.tok = T.Ident;

  switch (p.tok) {
    case T.Ident:
    case T.Contains:
      term = p.parseVar();
      break;
    case T.String:
      term = parseString(p);
      break;
    case T.Number:
    case T.Dot:
      term = parseNumber(p);
      break;
    case T.Null:
      term = { kind: 'null', location: p.loc() };
      break;
    case T.True:
    case T.False:
      term = { kind: 'boolean', value: p.tok === T.True, location: p.loc() };
      break;
    case T.Sub: {
      const saved = p.save();
      const location = p.loc();
      p.scan();
      // A minus before a name subtracts it from 0; before digits it is part of the number.
      if ((p.tok as number) === T.Ident || (p.tok as number) === T.Contains) {
        minus = location;
        term = p.parseVar();
      } else {
        p.restore(saved);
        term = parseNumber(p);
      }
      break;
    }
    case T.TemplatePart:
    case T.TemplateEnd:
      term = parseTemplate(p, false);
      break;
    case T.RawTemplatePart:
    case T.RawTemplateEnd:
      term = parseTemplate(p, true);
      break;
    case T.LBrack:
      term = parseArray(p);
      break;
    case T.LBrace:
      term = parseBraces(p);
      break;
    case T.LParen: {
      const offset = p.start;
      p.scan();
      const inner = parseInfix(p);
      if (inner !== undefined) {
        if ((p.tok as number) === T.RParen) {
          inner.location.text = p.text.slice(offset, p.tokEnd);
          term = inner;
        } else p.error(p.loc(), 'non-terminated expression');
      }
      break;
    }
    default:
      // Backtracking may come here twice; OPA remembers that there is no term and complains once.
      if (!p.complainedHere()) p.illegal();
  }
  term = finishTerm(p, term);
  if (minus === undefined || term === undefined) return term;
  const zero: Term = { kind: 'number', text: '0', location: minus };
  const nowhere = NO_LOCATION;
  const operator: Ref = {
    kind: 'ref',
    terms: [{ kind: 'var', name: 'minus', location: nowhere }],
    location: nowhere,
  };
  return place(
    p,
    { kind: 'call', operator, args: [zero, term], location: minus },
    minus,
    minus.offset,
    p.lastEnd,
  );
}

/** Steps over the head of a term and reads the ref or call that it may begin. */
function finishTerm(p: Parser, head: Term | undefined): Term | undefined {
  if (head === undefined) return undefined;
  const offset = p.start;
  p.scanWhitespace();
  if (p.tok === T.LParen || p.tok === T.Dot || p.tok === T.LBrack) return parseRef(p, head, offset);
  if (p.tok === T.Whitespace) p.scan();
  return rootAsRef(head);
}

/** `input` and `data` are refs even alone. */
export function rootAsRef(head: Term): Term {
  if (head.kind !== 'var' || (head.name !== 'input' && head.name !== 'data')) return head;
  return { kind: 'ref', terms: [head], location: head.location };
}

/** What follows a head: `.name`, `[term]` and `(arguments)` in any number. */
export function parseRef(p: Parser, head: Term, offset: number): Term | undefined {
  p.enter();
  const term = parseRefInner(p, head, offset);
  p.leave();
  return term;
}

function parseRefInner(p: Parser, head: Term, offset: number): Term | undefined {
  const at = head.location;
  switch (head.kind) {
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
    case 'ref':
    case 'templateString':
      p.error(at, `illegal ref (head cannot be ${kindName(head)})`);
  }
  const terms: Term[] = [head];
  for (;;) {
    switch (p.tok) {
      case T.Dot:
        p.scanWhitespace();
        if (p.tok !== (T.Ident as number) && p.tok < T.Package) {
          p.illegal('expected identifier');
          return undefined;
        }
        terms.push({ kind: 'string', value: p.lit, location: p.loc() });
        p.scanWhitespace();
        break;
      case T.LBrack: {
        p.scan();
        const index = parseInfix(p);
        if (index === undefined) return undefined;
        if (p.tok !== (T.RBrack as number)) {
          p.illegal('expected [');
          return undefined;
        }
        terms.push(index);
        p.scanWhitespace();
        break;
      }
      case T.LParen: {
        const operator: Ref = place(p, { kind: 'ref', terms, location: at }, at, offset, p.start);
        let term: Term | undefined = parseCall(p, operator, offset);
        if (term !== undefined) {
          if (p.tok === (T.Whitespace as number)) p.scan();
          else if (p.tok === (T.Dot as number) || p.tok === (T.LBrack as number))
            term = parseRef(p, term, offset);
        }
        return term === undefined ? undefined : place(p, term, at, offset, p.lastEnd);
      }
      default: {
        const ref: Term = place(p, { kind: 'ref', terms, location: at }, at, offset, p.lastEnd);
        if (p.tok === T.Whitespace) p.scan();
        return ref;
      }
    }
  }
}

function parseCall(p: Parser, operator: Ref, offset: number): Term | undefined {
  const at = operator.location;
  p.scan();
  let args: Term[] | undefined = [];
  if (p.tok !== T.RParen) {
    args = parseList(p, T.RParen, args);
    if (args === undefined) return undefined;
  }
  const end = p.tokEnd;
  p.scanWhitespace();
  const made: Term = { kind: 'call', operator, args, location: at };
  if (args.length === 0 && isCallOf(made, 'set'))
    return place(p, { kind: 'set', items: [], location: at }, at, offset, end);
  return place(p, made, at, offset, end);
}

/** Members up to `end`; a comma may trail. */
function parseList(p: Parser, end: number, list: Term[]): Term[] | undefined {
  while (p.tok !== end) {
    const term = parseInfixInList(p);
    if (term === undefined) return undefined;
    list.push(term);
    if (!separated(p, end)) return undefined;
  }
  return list;
}

/** After a member: steps over a comma. False, with an error, where neither a comma nor the end follows. */
function separated(p: Parser, end: number): boolean {
  if (p.tok === end) return true;
  if (p.tok !== T.Comma) {
    p.illegal(`expected "," or "${TOKEN_NAMES[end]}"`);
    return false;
  }
  p.scan();
  return true;
}

function parseArray(p: Parser): Term | undefined {
  const location = p.loc();
  const offset = p.start;
  const done = (term: Term | undefined): Term | undefined =>
    term === undefined ? undefined : place(p, term, location, offset, p.tokEnd);
  const array = (items: Term[] | undefined): Term | undefined =>
    done(items === undefined ? undefined : { kind: 'array', items, location });

  p.scan();
  if (p.tok === T.RBrack) return array([]);
  const leadingComma = p.tok === T.Comma;
  if (leadingComma) p.scan();
  const start = p.start;
  const saved = p.save();
  // A single term first: in `[x | …]` the bar begins a comprehension, not a union.
  const head = parseTerm(p);
  if (head === undefined) return undefined;
  if (p.tok === T.Or && !leadingComma) {
    p.scan();
    const body = parseNestedBody(p, T.RBrack);
    if (body !== undefined) return done({ kind: 'arrayComprehension', term: head, body, location });
    if (p.tok !== (T.Comma as number)) return undefined;
    p.restore(saved);
    return array(parseList(p, T.RBrack, []));
  }
  return array(continueList(p, head, start, T.RBrack));
}

/** The rest of a list whose first member begins with the term `head`, which started at `offset`. */
function continueList(p: Parser, head: Term, offset: number, end: number): Term[] | undefined {
  const first = parseIn(p, head, false, offset);
  if (first === undefined || !separated(p, end)) return undefined;
  return parseList(p, end, [first]);
}

/** A body in brackets or braces. */
export function parseNestedBody(p: Parser, end: number): Body | undefined {
  p.enter();
  const body = parseQuery(p, false, end);
  p.leave();
  return body;
}

/** `{…}` as a term: object, set, or comprehension of either. */
function parseBraces(p: Parser): Term | undefined {
  const location = p.loc();
  const offset = p.start;
  const term = parseBracesInner(p, location);
  return term === undefined ? undefined : place(p, term, location, offset, p.tokEnd);
}

function parseBracesInner(p: Parser, location: Location): Term | undefined {
  p.scan();
  if (p.tok === T.RBrace) return { kind: 'object', pairs: [], location };
  const comprehension = p.tok !== T.Comma;
  if (!comprehension) p.scan();
  const start = p.start;
  const saved = p.save();
  let head = parseTerm(p);
  if (head === undefined) return undefined;
  if (p.tok === T.Or && comprehension) {
    p.scan();
    const body = parseNestedBody(p, T.RBrace);
    if (body !== undefined) return { kind: 'setComprehension', term: head, body, location };
    if (p.tok !== (T.Comma as number)) return undefined;
    p.restore(saved);
    return setOf(parseList(p, T.RBrace, []), location);
  }
  if (p.tok === T.Colon) return parseObject(p, head, comprehension, location);
  head = parseIn(p, head, false, start);
  if (head === undefined) return undefined;
  if (p.tok === T.Colon) return parseObject(p, head, comprehension, location);
  if (p.tok === T.RBrace || p.tok === T.Comma) {
    if (p.tok === T.Comma) p.scan();
    return setOf(parseList(p, T.RBrace, [head]), location);
  }
  p.illegal('non-terminated set');
  return undefined;
}

function setOf(items: Term[] | undefined, location: Location): Term | undefined {
  return items === undefined ? undefined : { kind: 'set', items: uniqueItems(items), location };
}

function parseObject(p: Parser, key: Term, comprehension: boolean, location: Location): Term | undefined {
  p.scan();
  const start = p.start;
  const saved = p.save();
  const first = parseTerm(p);
  if (first === undefined) return undefined;
  if (comprehension && (p.tok === T.RBrace || p.tok === T.Comma)) {
    const object = finishObject(p, key, first, location);
    if (object !== undefined) return object;
    p.restore(saved);
  } else {
    let value: Term | undefined = first;
    if (comprehension && p.tok === T.Or) {
      p.scan();
      const body = parseNestedBody(p, T.RBrace);
      if (body !== undefined) return { kind: 'objectComprehension', key, value: first, body, location };
      p.restore(saved);
      value = parseInfixInList(p);
    } else value = parseIn(p, first, false, start);
    if (value === undefined) return undefined;
    if (p.tok === T.RBrace || p.tok === T.Comma) {
      const object = finishObject(p, key, value, location);
      if (object !== undefined) return object;
      return undefined;
    }
  }
  p.illegal('non-terminated object');
  return undefined;
}

/** The rest of an object after its first pair. */
function finishObject(p: Parser, key: Term, value: Term, location: Location): Term | undefined {
  const pairs: [Term, Term][] = [[key, value]];
  if (p.tok === T.Comma) {
    p.scan();
    while (p.tok !== (T.RBrace as number)) {
      const nextKey = parseInfixInList(p);
      if (nextKey === undefined) return undefined;
      if (p.tok !== (T.Colon as number)) {
        p.illegal('expected ":"');
        return undefined;
      }
      p.scan();
      const nextValue = parseInfixInList(p);
      if (nextValue === undefined) return undefined;
      pairs.push([nextKey, nextValue]);
      if (!separated(p, T.RBrace)) return undefined;
    }
  }
  return { kind: 'object', pairs, location };
}

function parseTemplate(p: Parser, multiLine: boolean): Term | undefined {
  const location = p.loc();
  if (p.version !== 'v1') {
    p.error(location, 'template strings are not supported by current capabilities');
    return undefined;
  }
  const parts: TemplateString['parts'] = [];
  for (;;) {
    const text = templatePart(p, multiLine);
    if (text === undefined) return undefined;
    if (text !== '') parts.push({ kind: 'string', value: text, location: p.loc() });
    if (p.tok === T.TemplateEnd || p.tok === T.RawTemplateEnd) break;
    const part = parseTemplateExpression(p);
    if (part === undefined) return undefined;
    parts.push(part);
    p.scanTemplate(multiLine);
  }
  location.text = p.text.slice(location.offset, p.tokEnd);
  return { kind: 'templateString', parts, multiLine, location };
}

function parseTemplateExpression(p: Parser): TemplateString['parts'][number] | undefined {
  const comments = p.commentCount;
  p.scan();
  const noComments = p.commentCount === comments;
  const expr = parseLiteral(p);
  if (expr === undefined) {
    p.error(p.loc(), 'invalid template-string expression');
    return undefined;
  }
  let problem: string | undefined;
  if (expr.negated) problem = "unexpected negation ('not')";
  else if (isCallOf(expr.terms, 'eq')) problem = "unexpected unification ('=')";
  else if (isCallOf(expr.terms, 'assign')) problem = "unexpected assignment (':=')";
  else if (expr.terms.kind === 'every') problem = "unexpected 'every'";
  else if (expr.terms.kind === 'some') problem = "unexpected 'some'";
  if (problem !== undefined) {
    p.error(expr.location, `${problem} in template-string expression`);
    return undefined;
  }
  if (p.tok !== T.RBrace) {
    p.error(p.loc(), 'expected } to end template string expression');
    return undefined;
  }
  // A scalar can never be undefined, so OPA keeps it as a term and not as an expression.
  const scalar = expr.terms;
  const isScalar =
    scalar.kind === 'string' ||
    scalar.kind === 'number' ||
    scalar.kind === 'boolean' ||
    scalar.kind === 'null';
  return isScalar && noComments ? scalar : expr;
}
