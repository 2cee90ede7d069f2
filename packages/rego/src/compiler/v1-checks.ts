import type { Rule, Term } from '../ast/types.ts';
import type { CompilerContext } from './context.ts';
import { importName } from './resolve.ts';
import type { CompiledRule, ModuleHeader } from './rule-tree.ts';
import { isAssignment, isRootDocument, operatorName, walk } from './tree.ts';

/** Modules of v1, and those that promise to be (`import rego.v1`); strict mode treats all alike. */
export function isV1(module: ModuleHeader): boolean {
  if (module.regoVersion !== 'v0') return true;
  return module.imports.some(({ path }) => {
    const [head, version] = path.terms;
    return (
      head?.kind === 'var' && head.name === 'rego' && version?.kind === 'string' && version.value === 'v1'
    );
  });
}

/** `input` and `data` may not be names of rules, arguments or variables (stage CheckKeywordOverrides). */
export function checkRootOverrides(rule: CompiledRule, context: CompilerContext): void {
  const [head] = rule.head.ref;
  if (head?.kind === 'var' && (head.name === 'input' || head.name === 'data')) {
    context.report(
      'rego_compile_error',
      rule.location,
      `rules must not shadow ${head.name} (use a different rule name)`,
    );
  }
  if (!rule.uses.rootAssignments) return;
  forExpressions(rule, (node) => {
    if (node.kind !== 'expr' || !isAssignment(node) || node.terms.kind !== 'call') return;
    const target = node.terms.args[0];
    if (target?.kind !== 'ref' || !isRootDocument(target)) return;
    const name = (target.terms[0] as { name: string }).name;
    context.report(
      'rego_compile_error',
      node.location,
      `variables must not shadow ${name} (use a different variable name)`,
    );
  });
}

/** One name, one import (stage CheckDuplicateImports). */
export function checkImports(module: ModuleHeader, context: CompilerContext): void {
  const seen = new Map<string, string>();
  for (const imported of module.imports) {
    const name = importName(imported);
    const known = seen.get(name);
    if (known !== undefined) {
      context.report('rego_compile_error', imported.location, `import must not shadow import ${known}`);
    } else seen.set(name, importText(imported.path.terms, imported.alias));
  }
}

function importText(terms: readonly Term[], alias: string | undefined): string {
  const path = terms.map((term) =>
    term.kind === 'var' ? term.name : term.kind === 'string' ? term.value : '_',
  );
  return path.join('.') + (alias === undefined ? '' : ` as ${alias}`);
}

/** Functions that v1 did away with (stage CheckDeprecatedBuiltins). */
export function checkDeprecated(rule: CompiledRule, context: CompilerContext): void {
  forExpressions(rule, (node) => {
    if (node.kind !== 'call') return;
    const name = operatorName(node.operator) ?? '';
    if (context.builtins.get(name)?.declaration.deprecated !== true) return;
    context.report(
      'rego_type_error',
      node.location,
      `deprecated built-in function calls in expression: ${name}`,
    );
  });
}

type Visited = Extract<Parameters<Parameters<typeof walk>[1]>[0], { kind: unknown }>;

function forExpressions(rule: CompiledRule, visit: (node: Visited) => void): void {
  for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
    const { head } = branch;
    for (const node of [...branch.body, ...head.ref.slice(1), ...(head.args ?? []), head.key, head.value]) {
      if (node === undefined) continue;
      walk(node, (inner) => {
        if (inner.kind !== 'with') visit(inner);
        return false;
      });
    }
  }
}
