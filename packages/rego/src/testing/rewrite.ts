import { operatorName } from '../ast/nodes.ts';
import type { Body, Expr, Module, Rule, Term } from '../ast/types.ts';
import { eachChild, type Node } from '../ast/visit.ts';
import { caseTerms, findTests, hasCases, type Test } from './find-tests.ts';

/** The built-in function that rewritten modules call: a test has come to a case. */
export const CASE_FUNCTION = 'internal.test_case_reached';

/** A test under the name it has in the rewritten module. */
export interface RewrittenTest {
  readonly test: Test;
  readonly runName: string;
  /** The name for people: the second `test_a` is `test_a#01`, as OPA has it. */
  readonly shownName: string;
}

export interface Rewritten {
  readonly text: string;
  readonly tests: readonly RewrittenTest[];
  /** From a place in the new text to the one in the old that it stands for. */
  readonly original: (offset: number) => number;
}

/** One change of a text: what is inserted where, and how many characters it takes the place of. */
interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/** Calls to put before and after the expressions of a body. */
type Calls = Map<Expr, { before: string[]; after: string[] }>;

/**
 * Changes a module's text so that its tests can be told apart and tell how far they come: of tests with one name all
 * but the first are renamed; and a test with cases reports each as soon as it is known which case it is, so that a case
 * that then fails is not just absent. Rows stay what they are. `counts` (of tests by name) goes over all modules of a run.
 */
export function rewrite(text: string, module: Module, counts: Map<string, number>): Rewritten {
  const edits: Edit[] = [];
  const tests: RewrittenTest[] = [];
  const calls: Calls = new Map();
  const heads = new Set<number>();
  for (const test of findTests(module)) {
    const { offset } = test.ref[0]!.location;
    // Further bodies of a rule have no name of their own in the text.
    if (heads.has(offset)) continue;
    heads.add(offset);
    tests.push(rename(test, counts, edits));
    if (!test.skipped) reportCases(test, calls);
  }
  for (const rule of module.rules) {
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
      editBody(text, branch, calls, edits);
    }
  }
  edits.sort((a, b) => b.at - a.at);
  const original = originalOffsets(edits.toReversed());
  for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove);
  return { text, tests, original };
}

/** `edits` in the order of the text. */
function originalOffsets(edits: readonly Edit[]): (offset: number) => number {
  return (offset) => {
    let grown = 0;
    for (const { at, remove, insert } of edits) {
      const start = at + grown;
      if (offset <= start) break;
      // Within what was put in: where it was put.
      if (offset < start + insert.length) return at + Math.min(remove, offset - start);
      grown += insert.length - remove;
    }
    return offset - grown;
  };
}

function rename(test: Test, counts: Map<string, number>, edits: Edit[]): RewrittenTest {
  const { name, ref, module } = test;
  const path = [...module.package.path, ...ref];
  const key = JSON.stringify(
    path.map((part) => (part.kind === 'var' ? part.name : part.kind === 'string' ? part.value : '')),
  );
  const count = counts.get(key) ?? 0;
  counts.set(key, count + 1);
  if (count === 0) return { test, runName: name, shownName: name };
  const number = String(count).padStart(2, '0');
  const runName = `${name}__${number}`;
  const { location } = ref.at(-1)!;
  const insert = /^["`]/.test(location.text) ? JSON.stringify(runName) : runName;
  edits.push({ at: location.offset, remove: location.text.length, insert });
  return { test, runName, shownName: `${name}#${number}` };
}

function callsAt(calls: Calls, expr: Expr): { before: string[]; after: string[] } {
  let entry = calls.get(expr);
  if (entry === undefined) {
    entry = { before: [], after: [] };
    calls.set(expr, entry);
  }
  return entry;
}

/** The call that reports a case, below the first expressions in which the variables of its name occur. */
function reportCases(test: Test, calls: Calls): void {
  const terms = caseTerms(test);
  const { rule } = test;
  if (terms.length === 0 || !hasCases(test) || rule.generatedBody || reportsItself(rule)) return;
  const names = new Set<string>();
  for (const term of terms) collectVars(term, names);
  let below = -1;
  for (const name of names) {
    const first = rule.body.findIndex((expr) => occurs(expr, name));
    below = Math.max(below, first);
  }
  const call = `${CASE_FUNCTION}([${terms.map(termSource).join(', ')}])`;
  if (below < 0) callsAt(calls, rule.body[0]!).before.push(call);
  else callsAt(calls, rule.body[below]!).after.push(call);
}

function reportsItself({ body }: Rule): boolean {
  return body.some(
    ({ terms }) => terms.kind === 'call' && operatorName(terms.operator) === 'internal.test_case',
  );
}

/** `.name` in a ref is a string; all else is written as it stands. */
function termSource(term: Term): string {
  return term.kind === 'string' ? JSON.stringify(term.value) : term.location.text;
}

function collectVars(node: Node, names: Set<string>): void {
  if (node.kind === 'var') names.add(node.name);
  eachChild(node, (child) => collectVars(child, names));
}

function occurs(node: Node, name: string): boolean {
  if (node.kind === 'var') return node.name === name;
  let found = false;
  eachChild(node, (child) => {
    found ||= occurs(child, name);
  });
  return found;
}

/** Puts the calls into the text, and braces around a body of one expression that has none. */
function editBody(text: string, rule: Rule, calls: Calls, edits: Edit[]): void {
  const { body } = rule;
  if (!body.some((expr) => calls.has(expr))) return;
  const wrap = !isBraced(text, rule, body);
  for (const [i, expr] of body.entries()) {
    const { before, after } = calls.get(expr) ?? { before: [], after: [] };
    const { offset, text: source } = expr.location;
    const start = `${wrap && i === 0 ? '{ ' : ''}${before.map((call) => `${call}; `).join('')}`;
    const end = `${after.map((call) => `; ${call}`).join('')}${wrap && i === body.length - 1 ? ' }' : ''}`;
    if (start !== '') edits.push({ at: offset, remove: 0, insert: start });
    if (end !== '') edits.push({ at: offset + source.length, remove: 0, insert: end });
  }
}

/** Whether the body stands in braces that are no part of its first expression. */
function isBraced(text: string, { head }: Rule, body: Body): boolean {
  // Further bodies of a rule (v0) have their own place for a head.
  if (text[head.location.offset] === '{') return true;
  let at = skipSpace(text, head.location.offset + head.location.text.length);
  if (head.hasIf) at = skipSpace(text, at + 2);
  return text[at] === '{' && body[0]!.location.offset > at;
}

function skipSpace(text: string, from: number): number {
  for (let at = from; ; at++) {
    const character = text[at];
    if (character === '#') {
      const end = text.indexOf('\n', at);
      if (end < 0) return text.length;
      at = end;
    } else if (character === undefined || !' \t\r\n'.includes(character)) return at;
  }
}
