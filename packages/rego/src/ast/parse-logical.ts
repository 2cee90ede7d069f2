import { INFIX_OPERATORS, VOID_BUILTINS } from './builtin-names.ts';
import { bodyOf, isCallOf, kindName, NO_LOCATION, newExpr, operatorName } from './nodes.ts';
import { errorBraceLed, errorWithOnOperand, extend, logicalKeywordsActive, parseExpr } from './parse-body.ts';
import { parseNestedBody } from './parse-collections.ts';
import { attachWith } from './parse-declarations.ts';
import { parseInfix, parseTerm } from './parse-terms.ts';
import type { Parser } from './parser.ts';
import { T } from './tokens.ts';
import type { Body, Expr, Location, Term } from './types.ts';

/*
 * The keywords `and` and `or` and negated bodies (`import future.keywords.not`). An operand is a body; braces around
 * it make it `explicit`. Where braces or parentheses could be read two ways, OPA's choice and its hints are kept.
 */

interface Operand {
  body: Body;
  explicit: boolean;
  location: Location;
}

/** An operand in parentheses, or, with no body, parentheses that began one and then failed. */
interface Group {
  body: Body | undefined;
  explicit: boolean;
  location: Location;
}

/** Goes on after a complete first operand: an `and` or `or`, or the modifiers of the operand itself. */
export function continueLogical(
  p: Parser,
  body: Body,
  explicit: boolean,
  location: Location,
): Expr | undefined {
  let expr: Expr | undefined = body[0];
  if (p.tok === T.LogicalAnd || p.tok === T.LogicalOr) expr = parseOrChain(p, body, explicit, location);
  return expr === undefined ? undefined : attachWith(p, expr);
}

/** A left-associative chain of `or`, in which `and` binds tighter. */
export function parseOrChain(p: Parser, body: Body, explicit: boolean, location: Location): Expr | undefined {
  let lhs: Operand = { body, explicit, location };
  const depth = p.depth;
  p.enter();
  const done = (expr: Expr | undefined): Expr | undefined => {
    p.depth = depth;
    return expr;
  };
  if (p.tok === T.LogicalAnd) {
    const and = parseAndChain(p, lhs);
    if (and === undefined) return done(undefined);
    lhs = { body: bodyOf(and), explicit: false, location: and.location };
  }
  while (p.tok === T.LogicalOr) {
    p.enter();
    p.scan();
    let rhs = parseOperand(p, 'or');
    if (rhs === undefined) return done(undefined);
    if (p.at(T.LogicalAnd)) {
      const and = parseAndChain(p, rhs);
      if (and === undefined) return done(undefined);
      rhs = { body: bodyOf(and), explicit: false, location: and.location };
    }
    lhs = combine(p, 'or', lhs, rhs);
  }
  return done(lhs.body[0]);
}

function parseAndChain(p: Parser, first: Operand): Expr | undefined {
  let lhs = first;
  const depth = p.depth;
  while (p.tok === T.LogicalAnd) {
    p.enter();
    p.scan();
    const rhs = parseOperand(p, 'and');
    if (rhs === undefined) {
      p.depth = depth;
      return undefined;
    }
    lhs = combine(p, 'and', lhs, rhs);
  }
  p.depth = depth;
  return lhs.body[0];
}

function combine(p: Parser, word: 'and' | 'or', lhs: Operand, rhs: Operand): Operand {
  checkVoidCalls(p, lhs.body, word);
  checkVoidCalls(p, rhs.body, word);
  const location = extend(p, lhs.location);
  const expr = newExpr(
    {
      kind: word === 'and' ? 'logicalAnd' : 'logicalOr',
      lhs: lhs.body,
      rhs: rhs.body,
      explicitLhs: lhs.explicit,
      explicitRhs: rhs.explicit,
      location,
    },
    location,
  );
  return { body: bodyOf(expr), explicit: false, location };
}

/** One operand of `word`; `word` is empty where the caller only tries. */
function parseOperand(p: Parser, word: '' | 'and' | 'or'): Operand | undefined {
  if (p.tok === T.LBrace) return parseBracedOperand(p, word);
  let not: Location | undefined;
  if (p.tok === T.Not) {
    const next = p.peekWhitespace();
    if (next !== T.Dot && next !== T.LBrack) {
      not = p.loc();
      p.scan();
    }
  }
  if (not !== undefined && p.notBodies && p.at(T.LBrace)) {
    const expr = parseNotBody(p, not);
    return expr === undefined ? undefined : { body: bodyOf(expr), explicit: false, location: expr.location };
  }
  if (p.tok === T.LParen && logicalKeywordsActive(p) && (not === undefined || p.notBodies)) {
    const group = parseGroup(p, true, not === undefined ? '' : 'not ');
    if (group !== undefined) {
      const { body, explicit, location } = group;
      if (body === undefined) return undefined;
      return not === undefined ? { body, explicit, location } : negate(p, body, explicit, not);
    }
  }
  const start = p.loc();
  const expr = parseExpr(p);
  if (expr === undefined) return undefined;
  if (expr.location === NO_LOCATION) expr.location = extend(p, start);
  if (not !== undefined && p.notBodies) return negate(p, bodyOf(expr), false, not);
  expr.negated = not !== undefined;
  return { body: bodyOf(expr), explicit: false, location: expr.location };
}

function negate(p: Parser, body: Body, explicitBody: boolean, not: Location): Operand {
  const location = extend(p, not);
  const expr = newExpr({ kind: 'not', body, explicitBody, location }, location);
  return { body: bodyOf(expr), explicit: false, location };
}

function parseBracedOperand(p: Parser, word: '' | 'and' | 'or'): Operand | undefined {
  const location = p.loc();
  const offset = p.start;
  const saved = p.save();
  p.scan();
  const empty = p.tok === T.RBrace;
  const body = parseNestedBody(p, T.RBrace);
  if (body === undefined) {
    if (empty || word === '') return undefined;
    // The braces may hold a value; then the error is about that.
    const failed = p.save();
    p.restore(saved);
    if (parseInfix(p) !== undefined) errorBraceLed(p, location, p.textFrom(offset), word);
    else p.restore(failed);
    return undefined;
  }
  p.scan();
  checkOperandStart(p, body, location, '');
  return { body, explicit: true, location };
}

/** `not { … }`, with the brace as current token. */
export function parseNotBody(p: Parser, not: Location): Expr | undefined {
  const brace = p.loc();
  const saved = p.save();
  p.scan();
  const empty = p.tok === T.RBrace;
  const body = parseNestedBody(p, T.RBrace);
  if (body === undefined) {
    if (empty) return undefined;
    const failed = p.save();
    p.restore(saved);
    const term = parseInfix(p);
    if (term === undefined) {
      p.restore(failed);
      return undefined;
    }
    const operand = p.textFrom(brace.offset);
    p.hint(`write \`not (${operand})\` to negate the value, or \`not {${operand}}\` for a body holding it`);
    const found = kindName(braceLedValue(term));
    p.error(brace, `\`{...}\` in an operand position must contain expression(s), got: ${found}`);
    return undefined;
  }
  p.scan();
  if (!checkOperandStart(p, body, brace, 'not ')) return undefined;
  const location = extend(p, not);
  return newExpr({ kind: 'not', body, explicitBody: true, location }, location);
}

/** The value whose `{` stands first in the text of `term`. */
function braceLedValue(term: Term): Term {
  if (term.kind !== 'call' || INFIX_OPERATORS.get(operatorName(term.operator) ?? '') !== term.args.length)
    return term;
  return braceLedValue(term.args[0]!);
}

/** False, with an error, for `{ a | b }` as an operand: it reads as comprehension and as body alike. */
export function checkOperandStart(p: Parser, body: Body, brace: Location, prefix: string): boolean {
  const first = body[0]!;
  if (first.terms.kind !== 'call' || !isCallOf(first.terms, 'or')) return true;
  if (first.terms.operator.location.text !== '|') return true;
  if (first.location !== NO_LOCATION && first.location.text.trimStart().startsWith('(')) return true;
  const braces = p.textFrom(brace.offset);
  const at = first.location.offset - brace.offset;
  const end = at + first.location.text.length;
  const union =
    at > 0 && end <= braces.length
      ? `${braces.slice(0, at)}(${first.location.text})${braces.slice(end)}`
      : braces;
  p.hint(`write \`${prefix}(${braces})\` for the comprehension, or \`${prefix}${union}\` for the set union`);
  p.error(
    brace,
    'ambiguous `{ ... | ... }` operand: read as a body holding a set-union expression, not as a comprehension',
  );
  return false;
}

/** Complains about an operand that only prints: it can never fail. */
function checkVoidCalls(p: Parser, body: Body, word: string): void {
  for (const { negated, terms } of body) {
    if (negated || terms.kind !== 'call' || !VOID_BUILTINS.has(operatorName(terms.operator) ?? '')) return;
  }
  const first = body[0]!;
  const name = first.terms.kind === 'call' ? operatorName(first.terms.operator) : '';
  p.hint(
    `\`${name}\` produces no value and always succeeds, so the operand can never fail; move it out of the operand, or add an expression that can fail`,
  );
  p.error(first.location, `operand of \`${word}\` cannot consist only of calls to \`${name}\``);
}

/**
 * With `(` as current token: a parenthesised operand. Undefined (and the parser where it was) where the parentheses
 * only group a term. `isOperand` says that `and`, `or` or `not` stands before them.
 */
export function parseGroup(p: Parser, isOperand: boolean, prefix: string): Group | undefined {
  p.enter();
  const group = parseGroupInner(p, isOperand, prefix);
  p.leave();
  return group;
}

function parseGroupInner(p: Parser, isOperand: boolean, prefix: string): Group | undefined {
  const saved = p.save();
  const open = p.loc();
  const failed: Group = { body: undefined, explicit: false, location: open };
  const notAGroup = (): undefined => p.restore(saved) as undefined;
  const close = (body: Body): Group => {
    if (p.tok !== T.RParen) {
      p.error(p.loc(), 'expected ) to close parenthesized group');
      return failed;
    }
    p.scan();
    return { body, explicit: false, location: extend(p, open) };
  };

  p.scan();
  if (p.tok === T.RParen) {
    if (!isOperand) return notAGroup();
    p.error(open, 'empty parenthesized group');
    return failed;
  }
  const lhs = parseOperand(p, '');
  if (lhs === undefined) return notAGroup();

  if (p.tok === T.LogicalAnd || p.tok === T.LogicalOr) {
    let expr = parseOrChain(p, lhs.body, lhs.explicit, lhs.location);
    if (expr !== undefined) expr = attachWith(p, expr);
    return expr === undefined ? failed : close(bodyOf(expr));
  }
  const only = lhs.body.length === 1 ? lhs.body[0]! : undefined;
  if (p.tok === T.With && !lhs.explicit && only !== undefined) {
    const withAt = p.loc();
    if (attachWith(p, only) === undefined) return failed;
    if (isLogicalToken(p)) {
      errorWithOnOperand(p, withAt, p.lit);
      return failed;
    }
    const group = close(lhs.body);
    if (group.body === undefined || isOperand || isLogicalToken(p)) return group;
    return notAGroup();
  }
  if (lhs.explicit) {
    const braces = p.textFrom(lhs.location.offset);
    p.restore(saved);
    p.scan();
    const term = parseTerm(p);
    p.restore(saved);
    if (term !== undefined) return undefined;
    p.hint(`drop the parens to keep the body: \`${prefix}${braces}\``);
    p.error(open, '`(...)` in an operand position cannot contain a body');
    return failed;
  }
  const kind = only?.terms.kind;
  if (kind === 'logicalAnd' || kind === 'logicalOr' || kind === 'not' || only?.negated === true)
    return close(lhs.body);
  return notAGroup();
}

function isLogicalToken(p: Parser): boolean {
  return p.tok === T.LogicalAnd || p.tok === T.LogicalOr;
}
