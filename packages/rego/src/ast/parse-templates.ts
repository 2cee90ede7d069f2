import { isCallOf } from './nodes.ts';
import { parseLiteral } from './parse-body.ts';
import { templatePart } from './parse-scalars.ts';
import type { Parser } from './parser.ts';
import { T } from './tokens.ts';
import type { TemplateString, Term } from './types.ts';

export function parseTemplate(p: Parser, multiLine: boolean): Term | undefined {
  const location = p.loc();
  if (p.version !== 'v1') {
    p.error(location, 'template strings are not supported by current capabilities');
    return undefined;
  }
  const parts: TemplateString['parts'] = [];
  for (;;) {
    const text = templatePart(p, multiLine);
    if (text === undefined) return undefined;
    if (text !== '') parts.push({ kind: 'string', value: text, location: p.loc() });
    if (p.tok === T.TemplateEnd || p.tok === T.RawTemplateEnd) break;
    const part = parseTemplateExpression(p);
    if (part === undefined) return undefined;
    parts.push(part);
    p.scanTemplate(multiLine);
  }
  location.text = p.text.slice(location.offset, p.tokEnd);
  return { kind: 'templateString', parts, multiLine, location };
}

function parseTemplateExpression(p: Parser): TemplateString['parts'][number] | undefined {
  const comments = p.commentCount;
  p.scan();
  const noComments = p.commentCount === comments;
  const expr = parseLiteral(p);
  if (expr === undefined) {
    p.error(p.loc(), 'invalid template-string expression');
    return undefined;
  }
  let problem: string | undefined;
  if (expr.negated) problem = "unexpected negation ('not')";
  else if (isCallOf(expr.terms, 'eq')) problem = "unexpected unification ('=')";
  else if (isCallOf(expr.terms, 'assign')) problem = "unexpected assignment (':=')";
  else if (expr.terms.kind === 'every') problem = "unexpected 'every'";
  else if (expr.terms.kind === 'some') problem = "unexpected 'some'";
  if (problem !== undefined) {
    p.error(expr.location, `${problem} in template-string expression`);
    return undefined;
  }
  if (p.tok !== T.RBrace) {
    p.error(p.loc(), 'expected } to end template string expression');
    return undefined;
  }
  // A scalar can never be undefined, so OPA keeps it as a term and not as an expression.
  const scalar = expr.terms;
  const isScalar =
    scalar.kind === 'string' ||
    scalar.kind === 'number' ||
    scalar.kind === 'boolean' ||
    scalar.kind === 'null';
  return isScalar && noComments ? scalar : expr;
}
