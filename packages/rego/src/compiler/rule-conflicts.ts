import type { Module, Term } from '../ast/types.ts';
import { toTerm } from '../values/index.ts';
import { constantOf } from './constants.ts';
import type { CompilerContext } from './context.ts';
import { type CompiledRule, hasDynamicPath, type RuleNode, type RuleTree, walkTree } from './rule-tree.ts';

/** Rules under one name must be of one kind, and nothing may stand inside a complete document (stage CheckRuleConflicts). */
export function checkConflicts(tree: RuleTree, modules: readonly Module[], context: CompilerContext): void {
  walkTree(tree.root, (node) => checkNode(node, context));
  checkPackages(tree, modules, context);
}

function checkNode(node: RuleNode, context: CompilerContext): void {
  const { rules } = node;
  const first = rules[0];
  if (first === undefined) return;
  const kinds = kindsOf(rules);
  const below = descendants(node);
  const inside = kinds.constantPath ? below : below.filter(isFunction);
  if (inside.length > 0) {
    const list = inside
      .map((rule) => `\n  rule ${pathText(rule.path, context)} at ${rule.location.file}:${rule.location.row}`)
      .sort();
    const message = `rule ${nameOf(rules, context)} conflicts with:${list.join('')}`;
    context.report('rego_type_error', first.location, message);
    return;
  }
  if (conflict(kinds)) {
    context.report('rego_type_error', first.location, `conflicting rules ${nameOf(rules, context)} found`);
    return;
  }
  const { defaults } = kinds;
  if (defaults.length > 1) {
    const places = defaults.map((rule) => `${rule.location.file}:${rule.location.row}`).join(', ');
    context.report(
      'rego_type_error',
      (defaults[0] as CompiledRule).module.package.location,
      `multiple default rules ${nameOf(rules, context)} found at ${places}`,
    );
  }
}

/** What there is among the rules of one name. */
interface Kinds {
  /** Sets of members, and rules that are none. */
  readonly multi: Set<boolean>;
  readonly arities: Set<number>;
  readonly defaults: CompiledRule[];
  /** Variables in the path. */
  variablePath: boolean;
  constantPath: boolean;
  /** A value of its own; a part of an object or a set. */
  complete: boolean;
  partial: boolean;
  sets: boolean;
}

function kindsOf(rules: readonly CompiledRule[]): Kinds {
  const kinds: Kinds = {
    multi: new Set(),
    arities: new Set(),
    defaults: [],
    variablePath: false,
    constantPath: false,
    complete: false,
    partial: false,
    sets: false,
  };
  for (const rule of rules) {
    const { head } = rule;
    const multi = head.key !== undefined && head.value === undefined;
    kinds.multi.add(multi);
    kinds.arities.add(head.args?.length ?? 0);
    if (rule.default) kinds.defaults.push(rule);
    const dynamic = hasDynamicPath(rule);
    if (dynamic) kinds.variablePath = true;
    else kinds.constantPath = true;
    if (multi || dynamic) kinds.partial = true;
    else kinds.complete = true;
    if (multi && !dynamic) kinds.sets = true;
  }
  return kinds;
}

function conflict({ multi, arities, complete, partial, sets, variablePath }: Kinds): boolean {
  return multi.size > 1 || arities.size > 1 || (complete && partial) || (sets && variablePath);
}

function nameOf(rules: readonly CompiledRule[], context: CompilerContext): string {
  return pathText((rules.at(-1) as CompiledRule).path, context);
}

function checkPackages(tree: RuleTree, modules: readonly Module[], context: CompilerContext): void {
  for (const module of modules) {
    for (let length = 2; length <= module.package.path.length; length++) {
      const prefix = module.package.path.slice(0, length);
      for (const rule of tree.rulesAt({ kind: 'ref', terms: prefix, location: module.package.location })) {
        if (hasDynamicPath(rule)) continue;
        context.report(
          'rego_type_error',
          rule.module.package.location,
          `package ${pathText(module.package.path, context).replace(/^data\./, '')} conflicts with rule ${headText(rule, context)} defined at ${rule.location.file}:${rule.location.row}`,
        );
        return;
      }
    }
  }
}

function isFunction(rule: CompiledRule): boolean {
  return (rule.head.args?.length ?? 0) > 0;
}

function descendants(node: RuleNode): CompiledRule[] {
  const rules: CompiledRule[] = [];
  for (const child of node.children.values()) walkTree(child, (inner) => rules.push(...inner.rules));
  return rules;
}

function headText(rule: CompiledRule, context: CompilerContext): string {
  return pathText(rule.head.ref, context);
}

/** A path as OPA prints refs: names with dots, all else in brackets. */
export function pathText(path: readonly Term[], context: CompilerContext): string {
  let text = '';
  for (const [index, term] of path.entries()) {
    if (term.kind === 'string' && (index > 0 || path.length === 1)) {
      text += /^[A-Za-z_]\w*$/.test(term.value) ? `.${term.value}` : `[${JSON.stringify(term.value)}]`;
    } else if (term.kind === 'var') {
      const name = context.original(term.name);
      text += index === 0 ? name : `[${name.startsWith('$') ? '_' : name}]`;
    } else {
      const value = constantOf(term);
      text += value === undefined ? '[_]' : `[${toTerm(value)}]`;
    }
  }
  return text;
}
