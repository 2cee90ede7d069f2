import type { Module } from './ast/types.ts';
import { builtinsJson } from './builtins/capabilities.ts';
import { builtinTable } from './builtins/index.ts';
import type { GoJson } from './bundle/json.ts';
import { compileModules } from './compiler/compile.ts';
import { constantOf } from './compiler/constants.ts';
import { DEFAULT_MAX_ERRORS } from './compiler/context.ts';
import { guarded } from './engine.ts';
import { compareStrings } from './values/index.ts';

/** Keywords that have to be imported, in both languages and in v0 alone. */
const KEYWORDS = ['and', 'not', 'or'];
const V0_KEYWORDS = ['contains', 'every', 'if', 'in'];

/**
 * What modules need of an engine, in the shape of `capabilities.json`: the built-in functions that they call, keywords
 * that they import, features of the language (`buildRequiredCapabilities` of OPA). They may call functions of modules
 * that are not there. As in OPA, what is called only in the body of an `every` is not told. Throws a {@link RegoError}
 * where they cannot be compiled.
 */
export function requiredCapabilities(
  modules: ReadonlyMap<string, { readonly module: Module; readonly text: string }>,
): GoJson {
  const parsed = new Map([...modules].map(([file, { module }]) => [file, module]));
  const { called } = guarded({ modules: {} }, () =>
    compileModules(parsed, {
      builtins: builtinTable(),
      strict: false,
      print: false,
      sources: new Map([...modules].map(([file, { text }]) => [file, text])),
      schemas: undefined,
      typeAnnotations: false,
      maxErrors: DEFAULT_MAX_ERRORS,
      allowUndefinedFunctions: true,
    }),
  );
  const features = new Set([...parsed.values()].flatMap(featuresOf));
  if (called.has('internal.template_string')) features.add('template_strings');
  const keywords = new Set([...parsed.values()].flatMap(keywordsOf));
  const list = (items: ReadonlySet<string>): readonly string[] | undefined =>
    items.size === 0 ? undefined : [...items].sort(compareStrings);
  return {
    builtins: called.size === 0 ? undefined : builtinsJson(called),
    future_keywords: list(keywords),
    features: list(features),
  };
}

function keywordsOf({ imports, regoVersion }: Module): string[] {
  const known = regoVersion === 'v1' ? KEYWORDS : [...KEYWORDS, ...V0_KEYWORDS];
  return imports.flatMap(({ path }) => {
    const [root, kind, keyword] = path.terms.map(nameOf);
    if (root !== 'future' || kind !== 'keywords') return [];
    return keyword === undefined ? known : known.filter((name) => name === keyword);
  });
}

function featuresOf({ imports, regoVersion, rules }: Module): string[] {
  if (regoVersion === 'v1') return ['rego_v1'];
  const found: string[] = [];
  if (imports.some(({ path }) => path.terms.map(nameOf).join('.') === 'rego.v1'))
    found.push('rego_v1_import');
  for (const { head } of rules) {
    if (head.ref.length < 3) continue;
    const isConstant = head.ref.slice(1).every((term) => constantOf(term) !== undefined);
    found.push(isConstant ? 'rule_head_ref_string_prefixes' : 'rule_head_refs');
  }
  return found;
}

function nameOf(term: Module['package']['path'][number]): string | undefined {
  return term.kind === 'var' ? term.name : term.kind === 'string' ? term.value : undefined;
}
