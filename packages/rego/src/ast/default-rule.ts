import { kindName } from './nodes.ts';
import type { Parser } from './parser.ts';
import type { Rule, Term } from './types.ts';
import { eachChild, type Node } from './visit.ts';

/** A default rule must be known without evaluation: a value without refs, vars and calls, and plain parameters. */
export function checkDefaultRule(p: Parser, rule: Rule): boolean {
  const { value, args } = rule.head;
  if (value === undefined) {
    p.error(rule.location, 'illegal default rule (must have a value)');
    return false;
  }
  return checkValue(p, rule, value) && checkArgs(p, rule, args ?? []);
}

function checkValue(p: Parser, rule: Rule, value: Term): boolean {
  let valid = true;
  const walk = (node: Node): void => {
    if (node.kind === 'with') return;
    switch (node.kind) {
      case 'arrayComprehension':
      case 'objectComprehension':
      case 'setComprehension':
        return;
      case 'ref':
      case 'var':
      case 'call':
        p.error(rule.location, `illegal default rule (value cannot contain ${node.kind})`);
        valid = false;
        return;
      default:
        eachChild(node, walk);
    }
  };
  walk(value);
  return valid;
}

function checkArgs(p: Parser, rule: Rule, args: readonly Term[]): boolean {
  const seen = new Set<string>();
  let valid = true;
  for (const arg of args) {
    let problem: string | undefined;
    if (arg.kind !== 'var') problem = `cannot contain ${kindName(arg)}`;
    else if (seen.has(arg.name)) problem = `cannot be repeated ${arg.name}`;
    else seen.add(arg.name);
    if (problem === undefined) continue;
    p.error(rule.location, `illegal default rule (arguments ${problem})`);
    valid = false;
  }
  return valid;
}
