import type { Location, Term } from '../ast/types.ts';
import { eachChild, type Node } from '../ast/visit.ts';
import type { Layout } from './layout.ts';
import { comparePlaces, type Element, GENERATED_FILE, isUnion, placeOf } from './places.ts';
import { writeTerm } from './terms.ts';

/** Writes one element of a list; takes and returns the index of the next comment. */
type WriteElement<E> = (element: E, next: number) => number;

/**
 * Writes elements between brackets that are written already, on as many lines as the source has them: those that stand
 * on one line in the source stay on one. `last` is where the list begins, `close` the row of its closing bracket.
 */
export function writeList<E extends Term | readonly [Term, Term]>(
  w: Layout,
  elements: E[],
  last: Location,
  close: number,
  next: number,
  write: WriteElement<E>,
): number {
  const lines = groupByLine(elements, last);
  let startsBelow = false;
  if (lines.length === 1) {
    // A comment within what is one line has no line end to go to.
    const inside = w.comments[w.firstAt(next, last.row + 1)];
    if (inside !== undefined && inside.location.row < close) {
      w.clash = true;
      return next;
    }
    const first = elements[0];
    const cut =
      first === undefined ? -1 : last.text.indexOf(placeOf('location' in first ? first : first[0]).text);
    startsBelow = cut > 0 && last.text.slice(0, cut).indexOf('\n') > 0;
  }
  const isMultiline = lines.length > 1 || startsBelow;
  if (isMultiline) {
    w.delayed = true;
    w.endLine();
    w.up();
    w.startLine();
  }
  for (const [i, line] of lines.entries()) {
    if (i > 0) {
      w.write(',');
      w.endLine();
      w.startLine();
    }
    for (const [k, element] of line.entries()) {
      if (k > 0) w.write(', ');
      next = write(element, next);
      if (w.clash) return w.none;
    }
  }
  if (!isMultiline) return next;
  w.write(',');
  w.endLine();
  next = w.insertComments(next, close);
  if (w.clash) return w.none;
  w.down();
  w.startLine();
  return next;
}

/** Elements in source order, those of one line together. */
export function groupByLine<E extends Element>(elements: E[], last: Location): E[][] {
  // Generated nodes have no place to trust.
  if (elements.some(isGenerated)) return [elements];
  elements.sort((a, b) => comparePlaces(placeOf(a), placeOf(b)));
  const lines: E[][] = [];
  let line: E[] = [];
  for (const [i, element] of elements.entries()) {
    const place = placeOf(element);
    if (i > 0 && place.row > last.row) {
      lines.push(line);
      line = [];
    }
    last = place;
    line.push(element);
  }
  return [...lines, line];
}

function isGenerated(element: Element): boolean {
  return 'location' in element && holdsGenerated(element);
}

function holdsGenerated(node: Node): boolean {
  if (node.kind === 'var' && node.name.startsWith('__local')) return true;
  if (node.location.file === GENERATED_FILE && isTerm(node)) return true;
  let found = false;
  eachChild(node, (child) => {
    found ||= holdsGenerated(child);
  });
  return found;
}

function isTerm(node: Node): node is Term {
  if (node.kind === 'with') return false;
  switch (node.kind) {
    case 'expr':
    case 'some':
    case 'every':
    case 'not':
    case 'logicalAnd':
    case 'logicalOr':
      return false;
    default:
      return true;
  }
}

/** A member of an array, a set (`inBrackets`) or an argument list. */
export function writeMember(w: Layout, term: Term, next: number, inBrackets: boolean): number {
  const parens = isUnion(term) && (inBrackets || term.location.text.startsWith('('));
  if (parens) w.write('(');
  next = writeTerm(w, term, next);
  if (parens) w.write(')');
  return next;
}

/** `key: value`. */
export function writePair(w: Layout, [key, value]: readonly [Term, Term], next: number): number {
  if (isUnion(key)) w.write('(');
  next = writeTerm(w, key, next);
  if (w.clash) return w.none;
  if (isUnion(key)) w.write(')');
  w.write(': ');
  const parens = isUnion(value);
  if (parens) w.write('(');
  next = writeTerm(w, value, next);
  if (parens) w.write(')');
  return next;
}
