import { groundPrefix } from '../ast/attach.ts';
import type { Module, Rule, Term } from '../ast/types.ts';

const TEST = 'test_';
const SKIPPED = 'todo_test_';

/** A rule that is a test: some part of its ref begins with `test_`, or with `todo_test_` if it is not to be run yet. */
export interface Test {
  readonly module: Module;
  readonly rule: Rule;
  /** The part that makes it a test. */
  readonly name: string;
  /** The rule's ref up to and including that part. What follows names the cases of the test. */
  readonly ref: readonly Term[];
  readonly skipped: boolean;
}

/** The tests of a module, in the order of their rules (`v1/tester/runner.go` of OPA). */
export function findTests(module: Module): Test[] {
  const tests: Test[] = [];
  for (const rule of module.rules) {
    const prefix = groundPrefix(rule.head.ref);
    const at = prefix.findIndex((part) => isTestName(partName(part)));
    if (at < 0) continue;
    const name = partName(prefix[at]!);
    tests.push({ module, rule, name, ref: prefix.slice(0, at + 1), skipped: name.startsWith(SKIPPED) });
  }
  return tests;
}

function partName(part: Term): string {
  if (part.kind === 'var') return part.name;
  return part.kind === 'string' ? part.value : '';
}

function isTestName(name: string): boolean {
  return name.startsWith(TEST) || name.startsWith(SKIPPED);
}

/** The terms behind the name of a test: `tc.note` of `test_concat[tc.note]`. */
export function caseTerms({ rule, ref }: Test): readonly Term[] {
  return rule.head.ref.slice(ref.length);
}

/** Whether the test's document is an object with one member for each case. */
export function hasCases({ rule: { head } }: Test): boolean {
  if (head.key !== undefined) return head.value !== undefined;
  return head.ref.some((part, i) => i > 0 && !isConstant(part));
}

function isConstant(term: Term): boolean {
  switch (term.kind) {
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
      return true;
    case 'array':
    case 'set':
      return term.items.every(isConstant);
    case 'object':
      return term.pairs.every(([key, value]) => isConstant(key) && isConstant(value));
    default:
      return false;
  }
}
