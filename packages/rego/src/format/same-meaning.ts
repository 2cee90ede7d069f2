import { moduleJson } from '../ast/json.ts';
import { refText, termText } from '../ast/print.ts';
import type { Expr, Head, Module, Ref, Rule, TemplateString } from '../ast/types.ts';
import { eachChild, type Node } from '../ast/visit.ts';
import { importWords } from './imports.ts';
import { infixOperator } from './places.ts';

/**
 * How the formatted module differs from the source in more than layout; undefined where it does not. The modules are
 * changed on the way: what formatting may change is made equal first.
 */
export function difference(source: Module, formatted: Module): string | undefined {
  if (importTexts(source).join() !== importTexts(formatted).join()) return 'its imports would differ';
  const before = source.rules.map(ruleText);
  const after = formatted.rules.map(ruleText);
  const changed = before.findIndex((text, i) => text !== after[i]);
  if (changed >= 0) return `the rule in line ${source.rules[changed]!.location.row} would change its meaning`;
  if (before.length !== after.length) return 'it would have other rules';
  const comments = (module: Module): string =>
    module.comments
      .map(({ text }) => text.trim())
      .sort()
      .join('\n');
  if (comments(source) !== comments(formatted)) return 'a comment would be lost';
  return undefined;
}

/** The imports that name something, in any order. */
function importTexts({ imports }: Module): string[] {
  return imports
    .filter((imported) => !['future', 'rego'].includes(importWords(imported)[0] ?? ''))
    .map(({ path, alias }) => `${refText(path.terms)} ${alias ?? ''}`)
    .sort();
}

/** The rule as JSON, its variable parts made equal. */
function ruleText(rule: Rule): string {
  for (let part: Rule | undefined = rule; part !== undefined; part = part.else) settle(part);
  const { location } = rule;
  return moduleJson({
    kind: 'module',
    package: { kind: 'package', path: [], location },
    imports: [],
    rules: [rule],
    comments: [],
    annotations: [],
    regoVersion: 'v1',
  });
}

function settle({ head, body }: Rule): void {
  settleHead(head);
  for (const term of [...head.ref, ...(head.args ?? []), head.key, head.value])
    if (term !== undefined) settleNode(term);
  for (const expr of body) settleNode(expr);
}

/** `=` and `:=` mean the same in a head, and so do `p[x] = y { … }` and `p[x] := y if { … }`. */
function settleHead(head: Head): void {
  head.assign = false;
  if (head.value === undefined) return;
  head.name = '';
  head.key = undefined;
}

function settleNode(node: Node): void {
  // Wildcards are numbered by their order, and one that stands in two places is named.
  if (node.kind === 'var' && /^(\$|_\d+$)/.test(node.name)) node.name = '_';
  if (node.kind === 'templateString') node.parts = mergeConstants(node.parts);
  if (node.kind === 'expr') node.terms = asEquation(node.terms);
  eachChild(node, settleNode);
}

/** Constants in a template string are written as text. */
function mergeConstants(parts: TemplateString['parts']): TemplateString['parts'] {
  const merged: TemplateString['parts'] = [];
  for (const part of parts) {
    if (part.kind === 'expr') {
      merged.push(part);
      continue;
    }
    const text = part.kind === 'string' ? part.value : termText(part);
    const last = merged.at(-1);
    if (last?.kind === 'string') last.value += text;
    else merged.push({ kind: 'string', value: text, location: part.location });
  }
  return merged;
}

/** `plus(x, y, z)` is written `z = x + y`. */
function asEquation(terms: Expr['terms']): Expr['terms'] {
  if (terms.kind !== 'call' || terms.args.length !== 3) return terms;
  if (infixOperator(refText(terms.operator.terms))?.arity !== 2) return terms;
  const { location, args } = terms;
  const operator: Ref = { kind: 'ref', terms: [{ kind: 'var', name: 'eq', location }], location };
  return { kind: 'call', operator, args: [args[2]!, { ...terms, args: args.slice(0, 2) }], location };
}
