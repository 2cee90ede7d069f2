import type { Term } from '../ast/types.ts';
import { type CompiledRule, groundPrefix } from './rule-tree.ts';

/** Tells in messages which rule is meant, where one line holds rules of several names. */
export class RuleScopes {
  readonly #rules: readonly CompiledRule[];
  #shared: ReadonlySet<string> | undefined;

  constructor(rules: readonly CompiledRule[]) {
    this.#rules = rules;
  }

  /** ` in rule p`, or nothing where the line says it. */
  of(rule: CompiledRule): string {
    this.#shared ??= sharedLines(this.#rules);
    return this.#shared.has(lineOf(rule)) ? ` in rule ${nameOf(rule)}` : '';
  }
}

function sharedLines(rules: readonly CompiledRule[]): Set<string> {
  const shared = new Set<string>();
  const first = new Map<string, string>();
  for (const rule of rules) {
    const line = lineOf(rule);
    const name = nameOf(rule);
    const known = first.get(line);
    if (known === undefined) first.set(line, name);
    else if (known !== name) shared.add(line);
  }
  return shared;
}

function lineOf({ location }: CompiledRule): string {
  return `${location.row} ${location.file}`;
}

function nameOf(rule: CompiledRule): string {
  const head = rule.head.ref[0] as Term;
  const [, ...rest] = groundPrefix(rule.path).slice(rule.module.package.path.length - 1);
  const name = head.kind === 'var' ? head.name : '';
  return rest.reduce<string>(
    (text, key) =>
      typeof key === 'string' && /^[A-Za-z_]\w*$/.test(key)
        ? `${text}.${key}`
        : `${text}[${JSON.stringify(key)}]`,
    name,
  );
}
