import { infixOf } from '../ast/print.ts';
import type { Expr, Location, Term } from '../ast/types.ts';

/** File name of locations given to nodes that have none in the source. */
export const GENERATED_FILE = '__format_default__';

/** Something that stands in a list and has a place: a term, an expression, or an object's pair (its key's place). */
export type Element = Term | Expr | readonly [Term, Term];

export function placeOf(element: Element): Location {
  return 'location' in element ? element.location : element[0].location;
}

/** Source order. */
export function comparePlaces(a: Location, b: Location): number {
  return a.row - b.row || a.col - b.col;
}

/** Number of line ends in `text` before `end`. */
export function countLines(text: string, end = text.length): number {
  let lines = 0;
  for (let i = text.indexOf('\n'); i >= 0 && i < end; i = text.indexOf('\n', i + 1)) lines++;
  return lines;
}

/** The row on which the text of a location ends. */
export function endRow({ row, text }: Location): number {
  return row + countLines(text);
}

/** The row of the bracket that closes the first `open` in the text of `at`, or -1. Strings are not understood. */
export function closingRow(
  at: Location,
  open: string,
  close: string,
  skip?: readonly [string, string],
): number {
  const { text } = at;
  let from = 0;
  let lines = 0;
  if (skip !== undefined) {
    const skipped = matching(text, skip[0], skip[1], 0);
    from = skipped.end;
    lines = skipped.lines;
  }
  const found = matching(text, open, close, from);
  return found.end < text.length ? at.row + lines + found.lines : -1;
}

/** Where the bracket pair that begins first from `from` on ends; the text's length where there is none. */
function matching(text: string, open: string, close: string, from: number): { end: number; lines: number } {
  let at = text.indexOf(open, from);
  if (at < 0) return { end: text.length, lines: 0 };
  let lines = 0;
  let depth = 1;
  while (++at < text.length) {
    const character = text[at];
    if (character === open) depth++;
    else if (character === close && --depth === 0) break;
    else if (character === '\n') lines++;
  }
  return { end: at, lines };
}

/** Whether the term is a call of the set union, which a bare `|` in braces or brackets would turn into something else. */
export function isUnion(term: Term): boolean {
  return term.kind === 'call' && isOperator(term.operator, 'or');
}

/** Whether the expression is a set union of two operands. */
export function isUnionExpr({ terms }: Expr): boolean {
  return terms.kind === 'call' && terms.args.length === 2 && isOperator(terms.operator, 'or');
}

function isOperator(operator: Term, name: string): boolean {
  if (operator.kind !== 'ref' || operator.terms.length !== 1) return false;
  const only = operator.terms[0]!;
  return only.kind === 'var' && only.name === name;
}

/** How a built-in operator is written between its operands, `in` included, and how many it takes. */
export function infixOperator(name: string): { infix: string; arity: number } | undefined {
  if (name === 'internal.member_2') return { infix: 'in', arity: 2 };
  if (name === 'internal.member_3' || name === 'in') return { infix: 'in', arity: 3 };
  const infix = infixOf(name);
  return infix === undefined ? undefined : { infix, arity: 2 };
}
