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
  const name = pathText((rules.at(-1) as CompiledRule).path, context);
  const dynamic = rules.some(hasDynamicPath);
  const below = descendants(node);
  const inside = rules.some((rule) => !hasDynamicPath(rule)) ? below : below.filter(isFunction);
  if (inside.length > 0) {
    const list = inside
      .map((rule) => `\n  rule ${pathText(rule.path, context)} at ${rule.location.file}:${rule.location.row}`)
      .sort();
    context.report('rego_type_error', first.location, `rule ${name} conflicts with:${list.join('')}`);
    return;
  }
  const multi = rules.map((rule) => rule.head.key !== undefined && rule.head.value === undefined);
  const kinds = new Set(multi).size;
  const arities = new Set(rules.map((rule) => rule.head.args?.length ?? 0)).size;
  const complete = rules.some((rule, index) => !multi[index] && !hasDynamicPath(rule));
  const partial = rules.some((rule, index) => multi[index] || hasDynamicPath(rule));
  const sets = rules.some((rule, index) => multi[index] && !hasDynamicPath(rule));
  if (kinds > 1 || arities > 1 || (complete && partial) || (sets && dynamic)) {
    context.report('rego_type_error', first.location, `conflicting rules ${name} found`);
    return;
  }
  const defaults = rules.filter((rule) => rule.default);
  if (defaults.length > 1) {
    const places = defaults.map((rule) => `${rule.location.file}:${rule.location.row}`).join(', ');
    context.report(
      'rego_type_error',
      (defaults[0] as CompiledRule).module.package.location,
      `multiple default rules ${name} found at ${places}`,
    );
  }
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
