import { refText } from '../ast/print.ts';
import type { Body, Call, Every, Expr, Location, Not, SomeDecl, With } from '../ast/types.ts';
import { arityMismatch } from './arity.ts';
import { writeBlock } from './comprehensions.ts';
import type { Layout } from './layout.ts';
import { isLogical, rendersBrace, writeLogical } from './logical.ts';
import { endRow, infixOperator, isUnionExpr } from './places.ts';
import { writeMembership, writePlainCall, writeTerm } from './terms.ts';

/** Writes expressions, one below the other, with a blank line where the source has some. */
export function writeBody(w: Layout, body: Body, next: number): number {
  next = w.insertComments(next, body[0]!.location.row);
  if (w.clash) return next;
  for (const [i, expr] of body.entries()) {
    const above = body[i - 1];
    if (above !== undefined && expr.location.row > endRow(above.location) + 1) w.blankLine();
    w.startLine();
    next = writeExpr(w, expr, next);
    // What could not be laid out has been written as it was; the next expression starts afresh.
    w.clash = false;
    w.endLine();
  }
  return next;
}

/** Writes an expression with its modifiers. */
export function writeExpr(w: Layout, expr: Expr, next: number): number {
  const parens = w.parenExpr === expr;
  if (parens) w.parenExpr = undefined;
  next = w.insertComments(next, expr.location.row);
  if (w.clash) return next;
  if (!w.inline) w.startLine();
  if (expr.negated) w.write('not ');
  if (parens) w.write('(');
  next = writeExprTerms(w, expr, next);
  if (w.clash) return next;
  if (parens) w.write(')');
  return writeModifiers(w, expr, next);
}

function writeExprTerms(w: Layout, expr: Expr, next: number): number {
  const { terms } = expr;
  switch (terms.kind) {
    case 'some':
      return writeSome(w, terms, next);
    case 'every':
      return writeEvery(w, terms, expr.location, next);
    case 'not':
      return writeNot(w, terms, expr.location, next);
    case 'logicalAnd':
    case 'logicalOr':
      next = writeLogical(w, expr, next);
      return w.clash ? w.none : next;
    case 'call':
      return writeStatement(w, terms, next);
    default:
      return writeTerm(w, terms, next);
  }
}

/** A call as a statement: an operator between its operands, `z = x + y` for one with a third, else `f(x)`. */
function writeStatement(w: Layout, call: Call, next: number): number {
  const name = refText(call.operator.terms);
  const operator = infixOperator(name);
  if (operator === undefined) return writePlainCall(w, call, next);
  if (operator.infix === 'in')
    return writeMembership(w, call.args, name, call.operator.location, next, false);
  const [lhs, rhs, result] = call.args;
  if (lhs === undefined || rhs === undefined || call.args.length > 3) {
    w.errors.push(arityMismatch(name, call.args, call.operator.location));
    return writePlainCall(w, call, next);
  }
  if (result !== undefined) {
    next = writeTerm(w, result, next);
    if (w.clash) return w.none;
    w.write(' = ');
  }
  next = writeTerm(w, lhs, next);
  if (w.clash) return w.none;
  w.write(` ${operator.infix} `);
  next = writeTerm(w, rhs, next);
  return w.clash && result !== undefined ? w.none : next;
}

/** `with` clauses: the first where it stands, the others each on its line, as in the source. */
function writeModifiers(w: Layout, expr: Expr, next: number): number {
  let [...modifiers] = expr.with;
  const [first] = modifiers;
  if (first === undefined) return next;
  let row = termsEndRow(expr.location, first.location);
  if (first.location.row === row) {
    next = writeWith(w, first, next, false);
    if (w.clash) return next;
    modifiers = modifiers.slice(1);
  }
  let indented = false;
  for (const modifier of modifiers) {
    const below = modifier.location.row > row;
    if (below) {
      if (!indented) w.up();
      indented = true;
      w.endLine();
      w.startLine();
      row = modifier.location.row;
    }
    next = writeWith(w, modifier, next, below);
    if (w.clash) break;
  }
  if (indented) w.down();
  return next;
}

/** The row on which an expression ends, less its modifiers. */
function termsEndRow(location: Location, first: Location): number {
  const length = first.offset - location.offset;
  const text = length > 0 && length <= location.text.length ? location.text.slice(0, length) : location.text;
  return endRow({ ...location, text: text.replace(/[ \t\r\n]+$/, '') });
}

function writeWith(w: Layout, { target, value, location }: With, next: number, onItsLine: boolean): number {
  next = w.insertComments(next, location.row);
  if (w.clash) return w.none;
  if (!onItsLine) w.write(' ');
  w.write('with ');
  next = writeTerm(w, target, next);
  if (w.clash) return w.none;
  w.write(' as ');
  next = writeTerm(w, value, next);
  w.clash = false;
  return next;
}

function writeSome(w: Layout, { symbols, location }: SomeDecl, next: number): number {
  next = w.insertComments(next, location.row);
  if (w.clash) return w.none;
  w.write('some ');
  let { row } = location;
  for (const [i, symbol] of symbols.entries()) {
    if (symbol.kind === 'call') {
      next = writeMembership(w, symbol.args, refText(symbol.operator.terms), location, next, false);
      if (w.clash) return w.none;
      continue;
    }
    if (symbol.location.row > row) {
      w.endLine();
      w.startLine();
      w.write('\t');
      row = symbol.location.row;
    } else if (i > 0) w.write(' ');
    next = writeTerm(w, symbol, next);
    if (w.clash) return w.none;
    if (i < symbols.length - 1) w.write(',');
  }
  return next;
}

function writeEvery(w: Layout, every: Every, location: Location, next: number): number {
  next = w.insertComments(next, location.row);
  if (w.clash) return w.none;
  w.write('every ');
  if (every.key !== undefined) {
    next = writeTerm(w, every.key, next);
    if (w.clash) return w.none;
    w.write(', ');
  }
  next = writeTerm(w, every.value, next);
  if (w.clash) return w.none;
  w.write(' in ');
  next = writeTerm(w, every.domain, next);
  if (w.clash) return w.none;
  w.write(' {');
  next = writeBlock(w, '{', '}', every.body, location, location, next);
  w.clash = false;
  if (every.body.length === 1 && every.body[0]!.location.row === every.location.row) w.write(' ');
  w.write('}');
  return next;
}

function writeNot(w: Layout, { body, explicitBody }: Not, location: Location, next: number): number {
  next = w.insertComments(next, location.row);
  if (w.clash) return w.none;
  w.write('not ');
  const first = body[0]!;
  if (explicitBody || body.length > 1) return writeBraces(w, body, location, next);
  // Without parentheses, `with` would bind to the negation, and braces would open a body.
  const parens =
    first.with.length > 0 || isLogical(first) || first.terms.kind === 'not' || rendersBrace(first);
  if (parens) w.write('(');
  next = writeExpr(w, first, next);
  w.clash = false;
  if (parens) w.write(')');
  return next;
}

/** A body in braces as an operand. `at` is the place of the brace. */
export function writeBraces(w: Layout, body: Body, at: Location, next: number): number {
  // After a brace a bare `x | y` would be a comprehension.
  if (isUnionExpr(body[0]!)) w.parenExpr = body[0];
  w.write('{');
  next = writeBlock(w, '{', '}', body, at, at, next);
  w.clash = false;
  if (body.at(-1)!.location.row === at.row) w.write(' ');
  w.write('}');
  return next;
}
