import { newExpr, operatorName } from './nodes.ts';
import { parseNestedBody } from './parse-collections.ts';
import { parseInfix, parseTerm } from './parse-terms.ts';
import type { Parser } from './parser.ts';
import { ALL_FUTURE_KEYWORDS, T } from './tokens.ts';
import type { Expr, SomeDecl, Term, Var, With } from './types.ts';

/** The arguments of `x in xs` or `k, v in xs`; undefined, with an error, where `term` is no such call. */
function membership(p: Parser, term: Term, wanted: string): Term[] | undefined {
  const name = term.kind === 'call' ? operatorName(term.operator) : undefined;
  if (term.kind !== 'call' || (name !== 'internal.member_2' && name !== 'internal.member_3')) {
    p.illegal(`expected ${wanted} expression`);
    return undefined;
  }
  if (term.args.length === (name === 'internal.member_2' ? 2 : 3)) return term.args;
  p.illegal('illegal domain');
  return undefined;
}

export function parseSome(p: Parser): Expr | undefined {
  const decl: SomeDecl = { kind: 'some', symbols: [], location: p.loc() };
  const saved = p.save();
  p.scan();
  const term = parseInfix(p);
  if (term !== undefined && term.kind === 'call') {
    if (membership(p, term, '`x in xs` or `x, y in xs`') === undefined) return undefined;
    decl.symbols = [term];
    return attachWith(p, newExpr(decl, decl.location));
  }
  p.restore(saved);
  if (p.version !== 'v1') hintIn(p);
  do {
    p.scan();
    if (!p.at(T.Ident)) {
      p.illegal('expected var');
      return undefined;
    }
    decl.symbols.push(p.parseVar());
    p.scan();
  } while (p.at(T.Comma));
  return newExpr(decl, decl.location);
}

/** In v0: would this be `some x in xs` if the keyword were imported? */
function hintIn(p: Parser): void {
  const saved = p.save();
  p.scan();
  p.keywords = new Map([...p.keywords, ...ALL_FUTURE_KEYWORDS]);
  const term = parseInfix(p);
  p.restore(saved);
  const name = term?.kind === 'call' ? operatorName(term.operator) : undefined;
  if (name === 'internal.member_2' || name === 'internal.member_3') {
    p.hint('`import future.keywords.in` for `some x in xs` expressions');
  }
}

export function parseEvery(p: Parser): Expr | undefined {
  const location = p.loc();
  p.scan();
  const term = parseInfix(p);
  if (term === undefined) return undefined;
  const args = membership(p, term, '`x[, y] in xs { ... }`');
  if (args === undefined) return undefined;
  const domain = args.at(-1)!;
  const value = args.at(-2)!;
  const key = args.length === 3 ? args[0] : undefined;
  if (key !== undefined && key.kind !== 'var') {
    p.illegal('expected key to be a variable');
    return undefined;
  }
  if (value.kind !== 'var') {
    p.illegal('expected value to be a variable');
    return undefined;
  }
  if (p.tok !== T.LBrace) {
    p.illegal('missing body');
    return undefined;
  }
  p.scan();
  const body = parseNestedBody(p, T.RBrace);
  if (body === undefined) return undefined;
  p.scan();
  const every = newExpr(
    { kind: 'every', key: key as Var | undefined, value, domain, body, location },
    location,
  );
  return attachWith(p, every);
}

/** In v0: would this be an `every` if the keyword were imported? Then say so. */
export function hintEvery(p: Parser, saved: ReturnType<Parser['save']>): void {
  const here = p.save();
  p.restore(saved);
  p.keywords = new Map([...p.keywords, ...ALL_FUTURE_KEYWORDS]);
  const every = parseEvery(p);
  p.restore(here);
  if (every !== undefined) p.hint('`import future.keywords.every` for `every x in xs { ... }` expressions');
}

/** With `with` as current token. */
export function parseWith(p: Parser): With[] | undefined {
  const modifiers: With[] = [];
  do {
    const location = p.loc();
    p.scan();
    if (!p.at(T.Ident)) {
      p.illegal('expected ident');
      return undefined;
    }
    const target = parseTerm(p);
    if (target === undefined) return undefined;
    if (target.kind !== 'ref' && target.kind !== 'var') p.illegal('expected with target path');
    if (!p.at(T.As)) {
      p.illegal('expected as keyword');
      return undefined;
    }
    p.scan();
    const value = parseInfix(p);
    if (value === undefined) return undefined;
    location.text = p.textFrom(location.offset);
    if (target.kind === 'ref' || target.kind === 'var')
      modifiers.push({ kind: 'with', target, value, location });
  } while (p.tok === T.With);
  return modifiers;
}

/** Reads the modifiers that may follow `expr`. */
export function attachWith(p: Parser, expr: Expr): Expr | undefined {
  if (p.tok !== T.With) return expr;
  const modifiers = parseWith(p);
  if (modifiers === undefined) return undefined;
  expr.with = modifiers;
  return expr;
}
