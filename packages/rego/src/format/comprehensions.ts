import type { Body, Location, ObjectComprehension, Term } from '../ast/types.ts';
import { writeBody, writeExpr } from './expressions.ts';
import type { Layout } from './layout.ts';
import { groupByLine } from './lists.ts';
import { closingRow, isUnion } from './places.ts';
import { needsParens, writeTerm, writeTermIn } from './terms.ts';

/** `term | body`, between brackets that are written already. `at` is where the comprehension begins. */
export function writeComprehension(
  w: Layout,
  open: string,
  close: string,
  term: Term,
  body: Body,
  at: Location,
  next: number,
): number {
  if (term.location.row - at.row >= 1) {
    w.endLine();
    w.startLine();
  }
  next = writeTermIn(w, term, next, needsParens(term));
  if (w.clash) return w.none;
  w.write(' |');
  return writeBlock(w, open, close, body, term.location, at, next);
}

/** `key: value | body`. */
export function writeInline(
  w: Layout,
  { key, value, body, location }: ObjectComprehension,
  next: number,
): number {
  // The value stays on the line of its key, whatever the source does.
  value.location = { ...value.location, row: location.row };
  if (isUnion(key)) w.write('(');
  next = writeTerm(w, key, next);
  if (w.clash) return w.none;
  if (isUnion(key)) w.write(')');
  w.write(': ');
  return writeComprehension(w, '{', '}', value, body, location, next);
}

/**
 * A body up to its closing bracket, which is left to write: on the same line where the source has it on the line of
 * `before`, else indented. `at` holds the source text from the opening bracket on.
 */
export function writeBlock(
  w: Layout,
  open: string,
  close: string,
  body: Body,
  before: Location,
  at: Location,
  next: number,
): number {
  const lines = groupByLine([...body], before);
  const end = closingRow(at, open, close);
  if (body[0]!.location.row > before.row || lines.length > 1) {
    w.endLine();
    w.up();
    next = writeBody(w, body, next);
    if (!w.clash) next = w.insertComments(next, end);
    w.down();
    w.startLine();
    return next;
  }
  w.write(' ');
  for (const [i, expr] of body.entries()) {
    if (i > 0) w.write('; ');
    next = writeExpr(w, expr, next);
    if (w.clash) return next;
  }
  return w.insertComments(next, end);
}
