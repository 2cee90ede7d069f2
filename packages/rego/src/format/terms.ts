import { sortedItems, sortedPairs } from '../ast/compare.ts';
import { isWildcard } from '../ast/nodes.ts';
import { quote, refText, termText } from '../ast/print.ts';
import type { Call, Expr, Location, SetTerm, TemplateString, Term } from '../ast/types.ts';
import { arityMismatch } from './arity.ts';
import { writeComprehension, writeInline } from './comprehensions.ts';
import { writeExpr } from './expressions.ts';
import type { Layout } from './layout.ts';
import { writeList, writeMember, writePair } from './lists.ts';
import { closingRow, endRow, infixOperator, isUnion } from './places.ts';

/*
 * Functions here take and return the index of the next comment (see layout.ts). One that returns with `w.clash` set
 * has not written its node properly.
 */

/** Writes a term; where its comments have no place in the usual layout, as it stands in the source. */
export function writeTerm(w: Layout, term: Term, next: number): number {
  const { out, level } = w;
  const after = writeTermIn(w, term, next, false);
  if (!w.clash || next === w.none) return after;
  w.out = out;
  w.level = level;
  const { location } = term;
  if (w.pending !== undefined && location.text !== '') {
    const { row } = w.pending.location;
    if (row >= location.row && row <= endRow(location)) w.pending = undefined;
  }
  return w.writeAsIs(location, next);
}

/** Writes a term, in parentheses where it is an infix call and `parens` says so. */
export function writeTermIn(w: Layout, term: Term, next: number, parens: boolean): number {
  if (w.parenTerm === term) {
    w.parenTerm = undefined;
    parens = true;
  }
  next = w.insertComments(next, term.location.row);
  if (w.clash) return w.none;
  if (!w.inline) w.startLine();
  next = writeValue(w, term, next, parens);
  if (w.clash) return w.none;
  if (!w.inline) w.startLine();
  return next;
}

function writeValue(w: Layout, term: Term, next: number, parens: boolean): number {
  const { location } = term;
  switch (term.kind) {
    case 'ref':
      return writeRef(w, term.terms, next);
    case 'call':
      return writeCall(w, term, location, next, parens);
    case 'array':
      w.write('[');
      next = writeList(w, [...term.items], location, closingRow(location, '[', ']'), next, (x, c) =>
        writeMember(w, x, c, true),
      );
      w.write(']');
      return next;
    case 'set':
      return writeSet(w, term, next);
    case 'object': {
      const pairs = [...sortedPairs(term)];
      w.write('{');
      next = writeList(w, pairs, location, closingRow(location, '{', '}'), next, (x, c) =>
        writePair(w, x, c),
      );
      w.write('}');
      return next;
    }
    case 'arrayComprehension':
      w.write('[');
      next = writeComprehension(w, '[', ']', term.term, term.body, location, next);
      w.write(']');
      return next;
    case 'setComprehension':
      w.write('{');
      next = writeComprehension(w, '{', '}', term.term, term.body, location, next);
      w.write('}');
      return next;
    case 'objectComprehension':
      w.write('{');
      next = writeInline(w, term, next);
      w.write('}');
      return next;
    case 'templateString':
      return writeTemplate(w, term, next);
    case 'string':
      w.write(stringText(term.value, location.text));
      return next;
    default:
      w.write(termText(term));
      return next;
  }
}

/** A string as the source spells it (`"\u0041"` stays), or, where the source has none, as Go quotes it. */
function stringText(value: string, text: string): string {
  if (text.startsWith('`')) return text;
  // In an else branch the text is that of the whole head, `else := "a"`.
  const delimiter = text.at(-1);
  const start = delimiter === '"' || delimiter === '`' ? text.indexOf(delimiter) : -1;
  return start < 0 ? quote(value) : text.slice(start);
}

function writeSet(w: Layout, set: SetTerm, next: number): number {
  const { location } = set;
  if (set.items.length === 0) {
    w.write('set()');
    return w.insertComments(next, closingRow(location, '(', ')'));
  }
  const items = [...sortedItems(set)];
  w.write('{');
  next = writeList(w, items, location, closingRow(location, '{', '}'), next, (x, c) =>
    writeMember(w, x, c, true),
  );
  w.write('}');
  return next;
}

/** A ref: `.name` where the name allows it, else `["name"]`. */
export function writeRef(w: Layout, terms: readonly Term[], next: number): number {
  const [head, ...path] = terms;
  if (head === undefined) return next;
  next = writeTermIn(w, head, next, head.kind === 'call' && head.location.text.startsWith('('));
  if (w.clash) return w.none;
  for (const part of path) {
    if (part.kind === 'string') {
      w.write(needsBrackets(w, part.value, part.location) ? `[${quote(part.value)}]` : `.${part.value}`);
    } else if (part.kind === 'var') {
      w.write(`[${isWildcard(part) ? '_' : part.name}]`);
    } else {
      w.write('[');
      next = writeTerm(w, part, next);
      if (w.clash) {
        // The comment would swallow the bracket. OPA goes on and forgets the error.
        w.clash = false;
        w.write('\n');
      }
      w.write(']');
    }
  }
  return next;
}

function needsBrackets(w: Layout, name: string, location: Location): boolean {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return true;
  return w.style.keywords.has(name) && (!w.style.keywordsInRefs || location.text.startsWith('"'));
}

function writeCall(w: Layout, call: Call, location: Location, next: number, parens: boolean): number {
  const name = refText(call.operator.terms);
  const operator = infixOperator(name);
  if (operator === undefined) return writePlainCall(w, call, next);
  if (operator.infix === 'in') return writeMembership(w, call.args, name, location, next, true);
  const [lhs, rhs] = call.args;
  if (parens) w.write('(');
  if (lhs === undefined || rhs === undefined || call.args.length !== 2) {
    w.errors.push(arityMismatch(name, call.args, location));
    return next;
  }
  next = writeTermIn(w, lhs, next, true);
  if (w.clash) return w.none;
  w.write(` ${operator.infix} `);
  next = writeTermIn(w, rhs, next, true);
  if (w.clash) return w.none;
  if (parens) w.write(')');
  return next;
}

/** `f(x, y)`. */
export function writePlainCall(w: Layout, { operator, args }: Call, next: number): number {
  const after = writeRef(w, operator.terms, next);
  if (w.clash) return after;
  const { location } = operator;
  w.write('(');
  next = writeList(w, [...args], location, closingRow(location, '(', ')'), next, (x, c) =>
    writeMember(w, x, c, false),
  );
  w.write(')');
  return w.clash ? w.none : next;
}

/** `x in xs` or `k, v in xs`; only the latter ever needs parentheses. */
export function writeMembership(
  w: Layout,
  args: readonly Term[],
  name: string,
  location: Location,
  next: number,
  parens: boolean,
): number {
  if (args.length !== infixOperator(name)?.arity) {
    w.errors.push(arityMismatch(name, args, location));
    return next;
  }
  const wrap = parens && args.length === 3;
  if (wrap) w.write('(');
  for (const [i, arg] of args.entries()) {
    if (i > 0) w.write(i === args.length - 1 ? ' in ' : ', ');
    next = writeTermIn(w, arg, next, true);
    if (w.clash) break;
  }
  if (wrap) w.write(')');
  return w.clash ? w.none : next;
}

function writeTemplate(w: Layout, { parts, multiLine }: TemplateString, next: number): number {
  const delimiter = multiLine ? '`' : '"';
  w.write(`$${delimiter}`);
  for (const [i, part] of parts.entries()) {
    if (part.kind === 'expr') {
      next = writeTemplateExpression(w, part, parts[i + 1]?.location, next);
      if (w.clash) return next;
    } else if (part.kind === 'string') {
      w.write(multiLine ? escapeBraces(part.value) : escapeBraces(quote(part.value)).slice(1, -1));
    } else {
      w.write(termText(part));
    }
  }
  w.write(delimiter);
  return next;
}

/** `{expression}`; `following` is the place of the part after it. */
function writeTemplateExpression(
  w: Layout,
  expr: Expr,
  following: Location | undefined,
  next: number,
): number {
  w.write('{');
  w.up();
  if (w.pending !== undefined) {
    w.endLine();
    w.startLine();
  } else {
    const before = w.firstAt(next, expr.location.row);
    if (before > next) {
      w.write(' ');
      w.inline = true;
      w.writeComments(next, before);
      next = before;
    }
  }
  next = writeExpr(w, expr, next);
  if (w.clash) return next;
  const trailing = following === undefined ? next : w.firstAt(next, following.row);
  if (trailing > next) {
    w.endLine();
    w.writeComments(next, trailing);
    next = trailing;
    w.startLine();
  }
  w.write('}');
  w.down();
  return next;
}

function escapeBraces(text: string): string {
  return text.replace(/(?<!\\)\{/g, '\\{');
}

/** Whether the term is a call that a list or comprehension has to put into parentheses, or that has them. */
export function needsParens(term: Term): boolean {
  return term.kind === 'call' && (isUnion(term) || term.location.text.startsWith('('));
}
