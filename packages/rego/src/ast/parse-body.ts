import { bodyOf, NO_LOCATION, newExpr } from './nodes.ts';
import { parseNestedBody } from './parse-collections.ts';
import { attachWith, hintEvery, parseEvery, parseSome, parseWith } from './parse-declarations.ts';
import {
  checkOperandStart,
  continueLogical,
  parseGroup,
  parseNotBody,
  parseOrChain,
} from './parse-logical.ts';
import { operatorRef, parseInfix } from './parse-terms.ts';
import type { Parser } from './parser.ts';
import { T, TOKEN_NAMES } from './tokens.ts';
import type { Body, Expr, Location } from './types.ts';

/** Expressions up to the token `end`; at the top level (`requireSemicolon`) a line's end ends the query too. */
export function parseQuery(p: Parser, requireSemicolon: boolean, end: number): Body | undefined {
  if (p.tok === end) {
    p.error(p.loc(), 'found empty body');
    return undefined;
  }
  const body: Body = [];
  for (;;) {
    const expr = parseLiteral(p);
    if (expr === undefined) return undefined;
    expr.index = body.length;
    body.push(expr);
    if (p.tok === T.Semicolon) {
      p.scan();
      continue;
    }
    if (p.tok === end || requireSemicolon) return body;
    if (!p.skippedNewline) {
      if (p.errors.length === 0) p.illegal(`expected \\n or ; or ${TOKEN_NAMES[end]}`);
      return undefined;
    }
  }
}

/** One expression of a body, modifiers included. */
export function parseLiteral(p: Parser): Expr | undefined {
  const location = p.loc();
  const expr = parseLiteralInner(p, location);
  if (expr === undefined) return undefined;
  location.text = p.textFrom(location.offset);
  expr.location = location;
  if (expr.terms.kind === 'not' && !expr.terms.explicitBody) {
    for (const inner of expr.terms.body) inner.location = location;
  }
  return expr;
}

/** Whether the words `and` and `or` may be operators here. */
export function logicalKeywordsActive(p: Parser): boolean {
  return p.keywords.has('and') || p.keywords.has('or');
}

function parseLiteralInner(p: Parser, location: Location): Expr | undefined {
  if (p.tok === T.LBrace && logicalKeywordsActive(p)) {
    const operand = parseBracedOperand(p);
    if (operand !== undefined) return operand.expr;
  }
  if (p.tok === T.LParen && logicalKeywordsActive(p)) {
    const group = parseGroup(p, false, '');
    if (group !== undefined) {
      return group.body === undefined
        ? undefined
        : continueLogical(p, group.body, group.explicit, group.location);
    }
  }
  if (p.keywordAsRefHead()) return parseExpression(p, undefined, location);

  if (p.tok !== T.Not) {
    if (p.tok === T.Some) return parseSome(p);
    return p.tok === T.Every ? parseEvery(p) : parseExpression(p, undefined, location);
  }
  const not = p.loc();
  p.scan();
  if (p.notBodies && p.at(T.LBrace)) {
    const negated = parseNotBody(p, not);
    return negated === undefined ? undefined : continueLogical(p, bodyOf(negated), false, negated.location);
  }
  if (p.at(T.Some) || p.at(T.Every)) {
    p.illegal(`illegal negation of '${p.lit}'`);
    return undefined;
  }
  return parseExpression(p, not, p.loc());
}

/** `{ body } and …` at the start of an expression; undefined where the braces turn out to be something else. */
function parseBracedOperand(p: Parser): { expr: Expr | undefined } | undefined {
  const saved = p.save();
  const location = p.loc();
  p.scan();
  const body = parseNestedBody(p, T.RBrace);
  if (body !== undefined) {
    p.scan();
    if (p.tok === T.LogicalAnd || p.tok === T.LogicalOr) {
      if (!checkOperandStart(p, body, location, '')) return { expr: undefined };
      const chain = parseOrChain(p, body, true, location);
      return { expr: chain === undefined ? undefined : attachWith(p, chain) };
    }
  }
  p.restore(saved);
  return undefined;
}

/** An expression that is no declaration and begins at `start`; `not` is the place of a `not` before it. */
function parseExpression(p: Parser, not: Location | undefined, start: Location): Expr | undefined {
  // Only v0 goes back, to tell what an import would make of the text.
  const saved = p.version === 'v1' ? undefined : p.save();
  if (not !== undefined && p.notBodies && p.tok === T.LParen) {
    const group = parseGroup(p, true, 'not ');
    if (group !== undefined) {
      if (group.body === undefined) return undefined;
      const spanned = extend(p, not);
      const negated = newExpr(
        { kind: 'not', body: group.body, explicitBody: group.explicit, location: spanned },
        spanned,
      );
      return continueLogical(p, bodyOf(negated), false, spanned);
    }
  }
  let expr = parseExpr(p);
  if (expr === undefined) return undefined;
  let withAt: Location | undefined;
  if (p.tok === T.With) {
    withAt = p.loc();
    const modifiers = parseWith(p);
    if (modifiers === undefined) return undefined;
    expr.with = modifiers;
  }
  if (saved !== undefined && expr.terms.kind === 'var' && expr.terms.name === 'every') hintEvery(p, saved);

  if (not !== undefined && p.notBodies) {
    const spanned = extend(p, not);
    const negated = newExpr(
      { kind: 'not', body: bodyOf(expr), explicitBody: false, location: spanned },
      spanned,
    );
    negated.with = expr.with;
    expr.with = [];
    expr = negated;
  } else {
    expr.negated = not !== undefined;
  }
  if (p.tok !== T.LogicalAnd && p.tok !== T.LogicalOr) return expr;
  return parseLogicalTail(p, expr, start, not !== undefined, withAt);
}

/** `and` or `or` after the first operand `expr`. */
function parseLogicalTail(
  p: Parser,
  expr: Expr,
  start: Location,
  negated: boolean,
  withAt: Location | undefined,
): Expr | undefined {
  const word = TOKEN_NAMES[p.tok]!;
  if (withAt !== undefined) {
    errorWithOnOperand(p, withAt, word);
    return undefined;
  }
  if (expr.location === NO_LOCATION) {
    expr.location = extend(p, start);
  }
  const text = expr.location.text;
  if (!negated && text.startsWith('{')) {
    if (expr.terms.kind === 'object' && expr.terms.pairs.length === 0)
      p.error(expr.location, 'found empty body');
    else errorBraceLed(p, expr.location, text, word);
    return undefined;
  }
  const chain = parseOrChain(p, bodyOf(expr), false, expr.location);
  return chain === undefined ? undefined : attachWith(p, chain);
}

export function errorBraceLed(p: Parser, at: Location, operand: string, word: string): void {
  p.hint(`wrap the operand to keep the value: \`(${operand}) ${word} ...\``);
  p.error(at, `operand of \`${word}\` cannot begin with \`{\` unless the braces hold a body`);
}

export function errorWithOnOperand(p: Parser, at: Location, word: string): void {
  p.hint(
    `Wrap the operand in \`(...)\` or \`{...}\` to scope, or move \`with\` after the \`${word}\` expression to apply it to the whole expression`,
  );
  p.error(at, `\`with\` modifier is not allowed on operand of \`${word}\``);
}

/** A copy of `start` whose text reaches up to where the parser stands. */
export function extend(p: Parser, start: Location): Location {
  return { ...start, text: p.textFrom(start.offset) };
}

/** A term, or two with `:=` or `=` between them. */
export function parseExpr(p: Parser): Expr | undefined {
  const lhs = parseInfix(p);
  if (lhs === undefined) return undefined;
  if (p.tok !== T.Assign && p.tok !== T.Unify) return newExpr(lhs);
  const operator = operatorRef(p);
  const rhs = parseInfix(p);
  if (rhs === undefined) return undefined;
  return newExpr({ kind: 'call', operator, args: [lhs, rhs], location: NO_LOCATION });
}
