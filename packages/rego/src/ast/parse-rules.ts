import { copyHead, placeBody, placeHead } from './copy.ts';
import { checkDefaultRule } from './default-rule.ts';
import { headOfRef, isGround, isWildcard, NO_LOCATION, trueBody, trueTerm } from './nodes.ts';
import { logicalKeywordsActive, parseLiteral } from './parse-body.ts';
import { parseNestedBody } from './parse-collections.ts';
import { parseRef, rootAsRef } from './parse-refs.ts';
import { parseInfix } from './parse-terms.ts';
import type { Parser } from './parser.ts';
import { refText } from './print.ts';
import { T } from './tokens.ts';
import type { Head, Rule, Term } from './types.ts';

/**
 * A rule with its body, and those that follow it as further bodies (`p { … } { … }`). Undefined without an error
 * where the text is no rule with a body: `p := 1` is read as a query first and becomes a rule in `module.ts`.
 */
export function parseRules(p: Parser): Rule[] | undefined {
  const location = p.loc();
  let isDefault = false;
  p.keywordAsRefHead();
  if (p.tok === T.Default) {
    p.scan();
    isDefault = true;
    p.keywordAsRefHead();
  }
  if (p.tok !== T.Ident) return undefined;
  const head = parseHead(p, isDefault);
  if (head === undefined) return undefined;
  const rule: Rule = {
    kind: 'rule',
    default: isDefault,
    head,
    body: [],
    generatedBody: false,
    else: undefined,
    annotations: [],
    location,
  };
  if (isDefault) {
    if (!checkDefaultRule(p, rule)) return undefined;
    rule.body = trueBody(location);
    return [rule];
  }
  if (!settleHead(head, p.at(T.If))) return undefined;
  if (p.at(T.If)) {
    head.hasIf = true;
    p.scan();
    if (!parseIfBody(p, rule)) return undefined;
  } else if (p.at(T.LBrace)) {
    if (!parseBracedBody(p, rule)) return undefined;
  } else if (head.hasContains) {
    rule.body = trueBody(location);
    rule.generatedBody = true;
    rule.location = head.location;
    return [rule];
  } else return undefined;

  if (p.at(T.Else) && !p.keywordAsRefHead()) {
    if (head.ref.length > 1 && !head.ref.every((term, i) => i === 0 || isGround(term))) {
      p.error(p.loc(), 'else keyword cannot be used on rules with variables in head');
      return undefined;
    }
    if (head.key !== undefined) {
      p.error(p.loc(), 'else keyword cannot be used on multi-value rules');
      return undefined;
    }
    rule.else = parseElse(p, head);
    if (rule.else === undefined) return undefined;
  }
  rule.location.text = p.textFrom(rule.location.offset);
  return parseMoreBodies(p, rule);
}

/** Decides what `p[x]` and `p[x] = y` are: a partial set, a partial object or, with `if`, a single value. */
function settleHead(head: Head, hasIf: boolean): boolean {
  const first = head.ref[0]!;
  const second = head.ref[1];
  if (head.hasContains || head.ref.length !== 2 || second === undefined) return true;
  if (hasIf) {
    if ((!isGround(second) || second.kind === 'ref') && (head.args ?? []).length === 0) head.key = second;
    if (head.value === undefined) {
      head.generatedValue = true;
      head.value = trueTerm(head.location);
    } else {
      if (first.kind !== 'var') return false;
      head.name = first.name;
    }
  } else if ((head.args ?? []).length === 0) {
    if (first.kind !== 'var') return false;
    head.name = first.name;
    head.key = second;
    if (head.value === undefined) head.ref = [first];
  }
  return true;
}

/** What follows `if`: one expression, or a body in braces. */
function parseIfBody(p: Parser, rule: Rule): boolean {
  const saved = p.save();
  const leadingBrace = p.tok === T.LBrace;
  if (leadingBrace && !logicalKeywordsActive(p)) {
    p.scan();
    // What begins like this is no term, and need not be tried as one.
    if (p.at(T.Some) || p.at(T.Every) || p.at(T.Not)) return parseBodyInBraces(p, rule);
    p.restore(saved);
  }
  const expr = parseLiteral(p);
  // A set is never false, so `p if { true }` can only mean the body.
  if (expr !== undefined && !(leadingBrace && expr.terms.kind === 'set')) {
    rule.body = [expr];
    return true;
  }
  if (!leadingBrace) return false;
  p.restore(saved);
  return parseBracedBody(p, rule);
}

function parseBracedBody(p: Parser, rule: Rule): boolean {
  p.scan();
  return parseBodyInBraces(p, rule);
}

/** A body after its opening brace. */
function parseBodyInBraces(p: Parser, rule: Rule): boolean {
  const body = parseNestedBody(p, T.RBrace);
  if (body === undefined) return false;
  p.scan();
  rule.body = body;
  return true;
}

/** `{ … }` again after a rule: another rule with the same head. */
function parseMoreBodies(p: Parser, rule: Rule): Rule[] | undefined {
  const rules = [rule];
  while (p.tok === T.LBrace) {
    if (rule.else !== undefined) {
      p.error(p.loc(), 'expected else keyword');
      return undefined;
    }
    const location = p.loc();
    const next: Rule = { ...rule, default: false, body: [], annotations: [], location };
    if (!parseBracedBody(p, next)) return undefined;
    location.text = p.textFrom(location.offset);
    next.head = freshWildcards(p, copyHead(rule.head));
    placeHead(next.head, location);
    rules.push(next);
  }
  return rules;
}

function freshWildcards(p: Parser, head: Head): Head {
  for (const arg of head.args ?? []) {
    if (arg.kind === 'var' && isWildcard(arg)) arg.name = p.freshWildcard();
  }
  return head;
}

/** With `else` as current token: the first branch, and through it those that follow. Chains may be of any length. */
function parseElse(p: Parser, base: Head): Rule | undefined {
  const first = parseBranch(p, base);
  let last = first;
  while (last !== undefined && !last.generatedBody && p.at(T.Else)) {
    last.else = parseBranch(p, base);
    last = last.else;
  }
  if (last === undefined) return undefined;
  for (let branch = first; branch !== undefined; branch = branch.else)
    branch.location.text = p.textFrom(branch.location.offset);
  return first;
}

function parseBranch(p: Parser, base: Head): Rule | undefined {
  const head = freshWildcards(p, copyHead(base));
  head.generatedValue = false;
  head.hasIf = false;
  head.hasContains = false;
  head.location = p.loc();
  const rule: Rule = {
    kind: 'rule',
    default: false,
    head,
    body: [],
    generatedBody: false,
    else: undefined,
    annotations: [],
    location: p.loc(),
  };
  p.scan();
  switch (p.tok) {
    case T.LBrace:
    case T.If:
      head.generatedValue = true;
      head.value = trueTerm(NO_LOCATION);
      break;
    case T.Assign:
    case T.Unify:
      head.assign = p.tok === T.Assign;
      p.scan();
      head.value = parseInfix(p);
      if (head.value === undefined) return undefined;
      head.location.text = p.textFrom(head.location.offset);
      break;
    default:
      p.illegal('expected else value term or rule body');
      return undefined;
  }
  if (!p.at(T.If) && !p.at(T.LBrace)) {
    rule.body = trueBody(rule.location);
    rule.generatedBody = true;
    return rule;
  }
  if (p.at(T.If)) {
    head.hasIf = true;
    p.scan();
  }
  if (p.at(T.LBrace)) {
    if (!parseBracedBody(p, rule)) return undefined;
  } else if (p.at(T.EOF)) {
    p.illegal('rule body expected');
    return undefined;
  } else {
    const expr = parseLiteral(p);
    if (expr === undefined) return undefined;
    rule.body = [expr];
    placeBody(rule.body, rule.location);
  }
  return rule;
}

function parseHead(p: Parser, isDefault: boolean): Head | undefined {
  const location = p.loc();
  const head = parseHeadInner(p, isDefault);
  if (head === undefined) return undefined;
  location.text = p.textFrom(location.offset);
  head.location = location;
  return head;
}

function parseHeadInner(p: Parser, isDefault: boolean): Head | undefined {
  const term = finishHead(p, p.parseVar());
  if (term === undefined) {
    p.illegal('expected rule head name');
    return undefined;
  }
  let head: Head;
  if (term.kind === 'var') head = headOfRef([term]);
  else if (term.kind === 'ref') head = headOfRef(term.terms);
  else if (term.kind === 'call') {
    const first = term.operator.terms[0]!;
    if (first.kind !== 'var') {
      p.illegal(`rule head ref ${refText(term.operator.terms)} invalid`);
      return undefined;
    }
    head = headOfRef(term.operator.terms);
    head.args = term.args;
  } else return undefined;

  if (p.tok === T.Contains) {
    head.hasContains = true;
    if (head.args !== undefined) {
      const message = 'the contains keyword can only be used with multi-value rule definitions';
      p.illegal(`${message} ${containsExample(head)}`);
    }
    p.scan();
    head.key = parseInfix(p);
    if (head.key === undefined) p.illegal(`expected rule key term ${containsExample(head)}`);
    return head;
  }
  if (p.tok === T.Unify || p.tok === T.Assign) {
    head.assign = p.tok === T.Assign;
    p.scan();
    head.value = parseHeadValue(p);
    if (head.value === undefined) p.illegal(missingValue(head, isDefault));
  }
  if (head.value === undefined && (head.ref.length !== 2 || (head.args ?? []).length > 0)) {
    head.generatedValue = true;
    head.value = trueTerm(NO_LOCATION);
  }
  return head;
}

/** Keeps the value: if the rule has no body, the same text is read again as a query. */
function parseHeadValue(p: Parser): Term | undefined {
  const offset = p.start;
  const term = parseInfix(p);
  p.memo = term === undefined ? undefined : { offset, term, after: p.save() };
  return term;
}

function containsExample({ ref }: Head): string {
  return `(e.g., ${refText(ref)} contains <VALUE> { ... })`;
}

function missingValue(head: Head, isDefault: boolean): string {
  const name = refText(head.ref);
  if (!head.assign) return `expected rule value term (e.g., ${name}[<nil>] = <VALUE> { ... })`;
  if ((head.args ?? []).length > 0)
    return `expected function value term (e.g., ${name}(...) := <VALUE> { ... })`;
  if (isDefault) return `expected default rule value term (e.g., default ${name} := <VALUE>)`;
  return `expected rule value term (e.g., ${name} := <VALUE> { ... })`;
}

/** As the rest of a term, but space may stand before brackets, and an infix operator may not follow. */
function finishHead(p: Parser, head: Term): Term | undefined {
  const offset = p.start;
  p.scanWhitespace();
  if (p.tok === T.Whitespace) p.scan();
  else if (p.tok >= T.Equal && p.tok <= T.Rem) p.illegal();
  switch (p.tok) {
    case T.LParen:
    case T.Dot:
    case T.LBrack:
      return parseRef(p, head, offset);
    default:
      return rootAsRef(head);
  }
}
