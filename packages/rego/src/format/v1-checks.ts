import type { SourceErrorEntry } from '../ast/errors.ts';
import { isCallOf } from '../ast/nodes.ts';
import { refText, termText } from '../ast/print.ts';
import { isKeyword } from '../ast/tokens.ts';
import type { Expr, Import, Location, Module, Rule, Term } from '../ast/types.ts';
import { eachChild, type Node } from '../ast/visit.ts';
import { importWords } from './imports.ts';

/** Built-in functions that v1 no longer has. */
const DEPRECATED: ReadonlySet<string> = new Set([
  'all',
  'any',
  'cast_array',
  'cast_boolean',
  'cast_null',
  'cast_object',
  'cast_set',
  'cast_string',
  'net.cidr_overlap',
  're_match',
  'set_diff',
]);

/** What keeps a module from being v1 that formatting cannot put right (`v1/ast/rego_v1.go`). */
export function checkV1Module(module: Module): SourceErrorEntry[] {
  const errors: SourceErrorEntry[] = [];
  const add = (code: SourceErrorEntry['code'], location: Location, message: string): void => {
    errors.push({ code, message, location });
  };
  for (const { imported, location } of shadowingImports(module.imports)) {
    add('rego_compile_error', location, `import must not shadow ${importText(imported)}`);
  }
  for (const { location, message } of shadowedRoots(module)) add('rego_compile_error', location, message);
  for (const { location, name } of deprecatedCalls(module)) {
    add('rego_type_error', location, `deprecated built-in function calls in expression: ${name}`);
  }
  for (const { head, location } of module.rules) {
    if (head.ref.length < 2 && isKeyword(head.name, 'v1')) {
      add('rego_parse_error', location, `${head.name} keyword cannot be used for rule name`);
    }
  }
  return errors;
}

function importText({ path, alias }: Import): string {
  return `import ${refText(path.terms)}${alias === undefined ? '' : ` as ${alias}`}`;
}

function shadowingImports(imports: readonly Import[]): { imported: Import; location: Location }[] {
  const seen = new Map<string, Import>();
  const found: { imported: Import; location: Location }[] = [];
  for (const imported of imports) {
    const name = imported.alias ?? importWords(imported).at(-1)!;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, imported);
    else found.push({ imported: first, location: imported.location });
  }
  return found;
}

function isRoot(name: string): boolean {
  return name === 'data' || name === 'input';
}

function shadowedRoots(module: Module): { location: Location; message: string }[] {
  const found: { location: Location; message: string }[] = [];
  for (const { head, location } of module.rules) {
    const first = head.ref[0];
    const name = first?.kind === 'var' ? first.name : head.name;
    if (isRoot(name))
      found.push({ location, message: `rules must not shadow ${name} (use a different rule name)` });
    for (const arg of head.args ?? []) {
      const text = arg.kind === 'ref' ? termText(arg) : '';
      if (!isRoot(text)) continue;
      found.push({
        location: arg.location,
        message: `args must not shadow ${text} (use a different variable name)`,
      });
    }
  }
  walk(module.rules, (node) => {
    if (node.kind !== 'expr' || node.terms.kind !== 'call' || !isCallOf(node.terms, 'assign')) return;
    const name = node.terms.args[0];
    const text = name === undefined ? '' : termText(name);
    if (!isRoot(text)) return;
    const message = `variables must not shadow ${text} (use a different variable name)`;
    found.push({ location: node.location, message });
  });
  return found;
}

function deprecatedCalls(module: Module): { location: Location; name: string }[] {
  const found: { location: Location; name: string }[] = [];
  const statements = new Set<Expr['terms']>();
  walk(
    module.rules,
    (node) => {
      if (node.kind === 'with') return;
      if (node.kind === 'expr' && node.terms.kind === 'call') {
        statements.add(node.terms);
        const name = refText(node.terms.operator.terms);
        if (DEPRECATED.has(name)) found.push({ location: node.location, name });
      } else if (node.kind === 'call' && !statements.has(node)) {
        const name = refText(node.operator.terms);
        if (DEPRECATED.has(name)) found.push({ location: node.operator.location, name });
      }
    },
    true,
  );
  return found;
}

/** Calls `visit` for every node below the rules, parents first, the refs of heads (if wanted) before the rest. */
function walk(rules: readonly Rule[], visit: (node: Node) => void, withRefs = false): void {
  const below = (node: Node): void => {
    visit(node);
    eachChild(node, below);
  };
  const walkRule = ({ head, body, else: other }: Rule): void => {
    const terms: (Term | undefined)[] = [
      ...(withRefs ? head.ref : []),
      ...(head.args ?? []),
      head.key,
      head.value,
    ];
    for (const term of terms) if (term !== undefined) below(term);
    for (const expr of body) below(expr);
    if (other !== undefined) walkRule(other);
  };
  for (const rule of rules) walkRule(rule);
}
