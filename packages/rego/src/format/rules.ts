import { termText } from '../ast/print.ts';
import type { Body, Rule, Term } from '../ast/types.ts';
import { writeBody, writeExpr } from './expressions.ts';
import type { Layout } from './layout.ts';
import { writeList, writeMember } from './lists.ts';
import { markLeadingUnion } from './logical.ts';
import { closingRow, endRow } from './places.ts';
import { writeRef, writeTerm } from './terms.ts';

/** Writes rules with a blank line after each, but for one-liners that stand together in the source. */
export function writeRules(w: Layout, rules: readonly Rule[], next: number): number {
  for (const [i, rule] of rules.entries()) {
    next = w.insertComments(next, rule.location.row);
    w.clash = false;
    next = writeRule(w, rule, next, false);
    w.clash = false;
    const below = rules[i + 1];
    const together =
      below !== undefined &&
      isOneLiner(w, rule) &&
      isOneLiner(w, below) &&
      below.location.row === rule.location.row + 1;
    if (!together) w.blankLine();
  }
  return next;
}

function isOneLiner(w: Layout, rule: Rule): boolean {
  if (rule.body.length > 1 || rule.default || rule.else !== undefined || isSet(rule.body)) return false;
  return takesIf(w, rule);
}

/** Whether the rule is written with `if`: not so a partial set without `contains`. */
function takesIf({ style }: Layout, { head }: Rule): boolean {
  return (style.v1 || style.ifs) && (style.contains || head.value !== undefined);
}

/** Whether the body is one set: without its own braces it would read as a body. */
function isSet(body: Body): boolean {
  const only = body[0];
  return body.length === 1 && only !== undefined && !only.negated && only.terms.kind === 'set';
}

/** Whether the body is the `true` that a rule without a body has. */
function isTrue(body: Body): boolean {
  const only = body[0];
  if (body.length !== 1 || only === undefined) return false;
  return !only.negated && only.with.length === 0 && only.terms.kind === 'boolean' && only.terms.value;
}

function writeRule(w: Layout, rule: Rule, next: number, isElse: boolean): number {
  if (!isElse) w.startLine();
  if (rule.default) w.write('default ');
  const isConstant = isTrue(rule.body) && rule.else === undefined;
  w.keepLastComment = isConstant;
  next = writeHead(w, rule, next, isElse, isConstant);
  const { clash } = w;
  w.clash = false;
  if (isConstant) {
    w.endLine();
    return next;
  }
  w.keepLastComment = true;

  const usesIf = takesIf(w, rule);
  const first = rule.body[0]!;
  if (usesIf) {
    w.write(' if');
    if (rule.body.length === 1 && first.location.row === endRow(rule.head.location) && !isSet(rule.body)) {
      w.write(' ');
      next = writeExpr(w, first, next);
      if (w.clash) return w.none;
      w.endLine();
      return writeElse(w, rule, next);
    }
  }
  w.write(' {');
  if (clash && next < w.none) w.write(' ');
  else w.endLine();
  if (usesIf && !isElse) markLeadingUnion(w, first);
  w.up();
  next = writeBody(w, rule.body, next);
  w.clash = false;
  next = w.insertComments(next, closingBraceRow(rule));
  if (w.clash) return w.none;
  w.down();
  w.startLine();
  w.write('}');
  return writeElse(w, rule, next);
}

function closingBraceRow({ head, location }: Rule): number {
  if ((head.args ?? []).length > 0) return closingRow(location, '{', '}', ['(', ')']);
  if (head.key !== undefined) return closingRow(location, '{', '}', ['[', ']']);
  return closingRow(location, '{', '}');
}

/** `else` after the closing brace, or below a blank line where the source has it at the start of a line. */
function writeElse(w: Layout, rule: Rule, next: number): number {
  const other = rule.else;
  if (other === undefined) return next;
  const line = rule.location.text.split('\n')[other.location.row - rule.location.row];
  const relative = other.location.row - rule.location.row;
  const wasInline = relative > 0 && line !== undefined && !line.trim().startsWith('else');
  const { head } = other;
  const comment = w.comments[next];
  const commentAbove =
    (comment !== undefined && comment.location.row < head.location.row) || w.pending !== undefined;
  if (!commentAbove && wasInline) w.write(' ');
  else {
    w.blankLine();
    w.startLine();
  }
  // The head of an else branch is the word itself.
  head.name = 'else';
  head.ref = [{ kind: 'var', name: 'else', location: head.location }];
  head.args = undefined;
  next = w.insertComments(next, head.location.row);
  if (w.clash) return w.none;
  if (commentAbove && !wasInline) w.startLine();
  if (head.value !== undefined) head.value.location = head.location;
  next = writeRule(w, other, next, true);
  return w.clash ? w.none : next;
}

function writeHead(
  w: Layout,
  { head, ...rule }: Rule,
  next: number,
  isElse: boolean,
  isConstant: boolean,
): number {
  const [first, second] = head.ref as [Term, Term?];
  if (w.style.refHeads || second === undefined) {
    next = writeRef(w, head.ref, next);
    if (w.clash) return w.none;
  } else if (w.comments[next]?.location.row === second.location.row) {
    return w.writeAsIs(head.location, next);
  } else w.write(`${termText(first)}[${termText(second)}]`);

  if (head.args !== undefined && head.args.length > 0) {
    w.write('(');
    const close = closingRow(head.location, '(', ')');
    next = writeList(w, [...head.args], head.location, close, next, (x, c) => writeMember(w, x, c, false));
    w.write(')');
    if (w.clash) return next;
  }
  if (head.key !== undefined && head.value === undefined) {
    w.write(w.style.contains ? ' contains ' : '[');
    next = writeTerm(w, head.key, next);
    if (w.clash) return next;
    if (!w.style.contains) w.write(']');
  }
  const { value } = head;
  if (value === undefined) return next;
  const isTrueValue = value.kind === 'boolean' && value.value;
  if (head.key === undefined && isTrueValue && !isConstant && !rule.default) return next;
  const isRefConstant = w.style.v1 && isConstant && head.key === undefined && (head.args ?? []).length === 0;
  // A value that has the place of its head is one that was made up.
  if (head.location === value.location && !isElse && isTrueValue && !isRefConstant) return next;
  w.write(head.assign || w.style.v1 ? ' := ' : ' = ');
  return writeTerm(w, value, next);
}
