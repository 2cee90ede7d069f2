import { NO_LOCATION } from './nodes.ts';
import { parseArray, parseBraces } from './parse-collections.ts';
import { finishTerm } from './parse-refs.ts';
import { parseNumber, parseString } from './parse-scalars.ts';
import { parseTemplate } from './parse-templates.ts';
import { type Parser, place } from './parser.ts';
import { PRECEDENCE, T, TOKEN_NAMES } from './tokens.ts';
import type { Location, Ref, Term } from './types.ts';

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
export function parseInfixInList(p: Parser): Term | undefined {
  return parseIn(p, undefined, false, p.start);
}

/** Operators, `in` among them; `first` is the leftmost operand where it is read already, from `offset` on. */
export function parseIn(
  p: Parser,
  first: Term | undefined,
  keyValue: boolean,
  offset: number,
): Term | undefined {
  let lhs = parseOperators(p, first, 2, offset);
  if (lhs === undefined) return undefined;
  let chain = 0;
  for (;;) {
    if (keyValue && p.tok === T.Comma) {
      const saved = p.save();
      p.scan();
      const middle = parseOperators(p, undefined, 2, offset);
      if (middle !== undefined && p.at(T.In)) {
        const operator = memberRef(p, 'member_3');
        const rhs = parseOperators(p, undefined, 2, p.start);
        if (rhs !== undefined) {
          lhs = call(p, operator, [lhs, middle, rhs], offset);
          if (!p.at(T.In)) break;
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
      if (p.at(T.Ident) || p.at(T.Contains)) {
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
        if (p.at(T.RParen)) {
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
  p.leave();
  return minus === undefined || term === undefined ? term : subtracted(p, term, minus);
}

/** `-x` */
function subtracted(p: Parser, term: Term, minus: Location): Term {
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
