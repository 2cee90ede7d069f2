import { operandNeedsParens, refText } from '../ast/print.ts';
import type { Body, Expr, Location, Logical, Term } from '../ast/types.ts';
import { writeBraces, writeExpr } from './expressions.ts';
import type { Layout } from './layout.ts';
import { closingRow, countLines, infixOperator, isUnion, isUnionExpr } from './places.ts';

/** One operand of a chain of `and` and `or`. */
interface Operand {
  body: Body;
  /** Place of the brace, where the operand is written in braces. */
  brace: Location | undefined;
  parens: boolean;
}

/** An operator with what follows it. */
interface Step {
  word: 'and' | 'or';
  rhs: Operand;
  /** The row on which everything before the operator ends. */
  endRow: number;
}

export function isLogical({ terms }: Expr): boolean {
  return terms.kind === 'logicalAnd' || terms.kind === 'logicalOr';
}

/** Writes a chain of `and` and `or`; an operand on a line of its own in the source is indented on one. */
export function writeLogical(w: Layout, expr: Expr, next: number): number {
  const { first, steps } = flatten(expr);
  next = writeOperand(w, first, next);
  w.clash = false;
  let indented = false;
  for (const { word, rhs, endRow } of steps) {
    w.write(` ${word}`);
    const start = rhs.brace ?? rhs.body[0]!.location;
    if (start.row > endRow) {
      if (!indented) w.up();
      indented = true;
      w.endLine();
      w.startLine();
    } else w.write(' ');
    next = writeOperand(w, rhs, next);
    w.clash = false;
  }
  if (indented) w.down();
  return next;
}

function writeOperand(w: Layout, { body, brace, parens }: Operand, next: number): number {
  if (brace !== undefined) return writeBraces(w, body, brace, next);
  if (parens) w.write('(');
  next = writeExpr(w, body[0]!, next);
  if (parens) w.write(')');
  return next;
}

/** The operands of a left-associative chain; one that needs parentheses stays whole. */
function flatten(expr: Expr): { first: Operand; steps: Step[] } {
  const terms = expr.terms as Logical;
  const word = terms.kind === 'logicalAnd' ? 'and' : 'or';
  const rhs = operandOf(terms.rhs, terms.explicitRhs, word, true, expr.location);
  const left = terms.lhs[0]!;
  if (!terms.explicitLhs && terms.lhs.length === 1 && isLogical(left) && !needsParens(left, word, false)) {
    const { first, steps } = flatten(left);
    return { first, steps: [...steps, { word, rhs, endRow: bodyEndRow(terms.lhs) }] };
  }
  const first = operandOf(terms.lhs, terms.explicitLhs, word, false, expr.location);
  return { first, steps: [{ word, rhs, endRow: operandEndRow(first) }] };
}

function needsParens(expr: Expr, word: 'and' | 'or', isRight: boolean): boolean {
  return operandNeedsParens(expr, word, isRight) || rendersBrace(expr);
}

function operandOf(
  body: Body,
  explicit: boolean,
  word: 'and' | 'or',
  isRight: boolean,
  node: Location,
): Operand {
  if (explicit || body.length !== 1) return { body, brace: braceBefore(node, body), parens: false };
  return { body, brace: undefined, parens: needsParens(body[0]!, word, isRight) };
}

function operandEndRow({ body, brace }: Operand): number {
  const row = brace === undefined ? -1 : closingRow(brace, '{', '}');
  return row > 0 ? row : bodyEndRow(body);
}

function bodyEndRow(body: Body): number {
  const { row, text } = body.at(-1)!.location;
  return row + countLines(text.replace(/[ \t\r\n]+$/, ''));
}

/** The place of the brace that opens `body` within the expression at `node`. */
function braceBefore(node: Location, body: Body): Location {
  const end = Math.min(body[0]!.location.offset - node.offset, node.text.length);
  const at = end > 0 ? node.text.lastIndexOf('{', end - 1) : -1;
  if (at < 0) return node;
  return {
    ...node,
    row: node.row + countLines(node.text, at),
    offset: node.offset + at,
    text: node.text.slice(at),
  };
}

/** The operand that an infix call writes first: the result of `z = x | y`, else the left one. */
function leadOf(expr: Expr): Term | undefined {
  if (expr.terms.kind !== 'call') return undefined;
  const { operator, args } = expr.terms;
  const arity = infixOperator(refText(operator.terms))?.arity;
  if (arity === undefined) return undefined;
  if (args.length === arity) return args[0];
  return args.length === arity + 1 ? args.at(-1) : undefined;
}

/** Marks the set union that the expression writes first, if any: at the brace of a body it would be a comprehension. */
export function markLeadingUnion(w: Layout, expr: Expr): void {
  if (expr.negated) return;
  if (isLogical(expr)) {
    const { first } = flatten(expr);
    if (first.brace === undefined && !first.parens) markLeadingUnion(w, first.body[0]!);
    return;
  }
  if (isUnionExpr(expr)) {
    w.parenExpr = expr;
    return;
  }
  const lead = leadOf(expr);
  if (lead !== undefined && isUnion(lead)) w.parenTerm = lead;
}

/** Whether the expression is written with a `{` first, which in an operand would open a body. */
export function rendersBrace(expr: Expr): boolean {
  const { terms } = expr;
  switch (terms.kind) {
    case 'call': {
      const lead = leadOf(expr);
      return lead !== undefined && termRendersBrace(lead);
    }
    case 'some':
    case 'every':
    case 'not':
    case 'logicalAnd':
    case 'logicalOr':
      return false;
    default:
      return termRendersBrace(terms);
  }
}

function termRendersBrace(term: Term): boolean {
  switch (term.kind) {
    case 'set':
      return term.items.length > 0;
    case 'object':
    case 'setComprehension':
    case 'objectComprehension':
      return true;
    case 'ref':
      return term.terms.length > 0 && termRendersBrace(term.terms[0]!);
    case 'call':
      if (infixOperator(refText(term.operator.terms))?.arity !== term.args.length) return false;
      return termRendersBrace(term.args[0]!);
    default:
      return false;
  }
}
