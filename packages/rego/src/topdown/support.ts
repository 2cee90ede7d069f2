import { compareTerms } from '../ast/compare.ts';
import { NO_LOCATION } from '../ast/nodes.ts';
import { isKeyword } from '../ast/tokens.ts';
import type { Body, Term as Source } from '../ast/types.ts';
import { compareStrings } from '../values/index.ts';
import { cacheKey } from './cache-key.ts';
import { TRUE_SOURCE } from './saved-source.ts';
import { hasPrefix, type Term } from './terms.ts';
import { toSource } from './to-source.ts';

/** A rule that partial evaluation made. */
export interface SupportRule {
  /** From the name of the rule on. */
  readonly ref: readonly Source[];
  readonly args: readonly Source[] | undefined;
  readonly key: Source | undefined;
  readonly value: Source | undefined;
  readonly body: Body;
  readonly isDefault: boolean;
}

export interface SupportModule {
  /** `data` and the names of the package. */
  readonly package: readonly Source[];
  readonly rules: readonly SupportRule[];
}

interface Kept {
  readonly path: readonly Term[];
  readonly rule: SupportRule;
}

/** Rules for what could not be put into the query, in packages below one of their own (`saveSupport` of OPA). */
export class Support {
  readonly #rules = new Map<string, { readonly package: readonly Term[]; readonly rules: Kept[] }>();

  /** Whether there are rules at a path. */
  has(path: readonly Term[]): boolean {
    const kept = this.#rules.get(cacheKey(split(path).package));
    return kept?.rules.some((rule) => hasPrefix(rule.path, path)) === true;
  }

  addRule(path: readonly Term[], rule: Omit<SupportRule, 'ref'>): void {
    const { package: own, ref } = split(path);
    const key = cacheKey(own);
    const module = this.#rules.get(key) ?? { package: own, rules: [] };
    this.#rules.set(key, module);
    const [name, ...rest] = ref.map(toSource) as [Source & { kind: 'string' }, ...Source[]];
    const head: Source = { kind: 'var', name: name.value, location: NO_LOCATION };
    module.rules.push({ path, rule: { ...rule, ref: [head, ...rest] } });
  }

  modules(): SupportModule[] {
    return [...this.#rules]
      .sort(([a], [b]) => compareStrings(a, b))
      .map(([, module]) => ({
        package: module.package.map(toSource),
        rules: module.rules.map(({ rule }) => rule).sort(compareRules),
      }));
  }
}

/** A package is as long as names go, and leaves one for the rule. */
function split(path: readonly Term[]): { package: readonly Term[]; ref: readonly Term[] } {
  let start = 2;
  while (
    start < path.length - 1 &&
    isName(path[start]) &&
    path.slice(0, start + 2).every((term, i) => i === 0 || isText(term))
  ) {
    start++;
  }
  return { package: path.slice(0, start), ref: path.slice(start) };
}

function isText(term: Term | undefined): boolean {
  return term?.kind === 'value' && typeof term.value === 'string';
}

function isName(term: Term | undefined): boolean {
  if (term?.kind !== 'value' || typeof term.value !== 'string') return false;
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(term.value) && !isKeyword(term.value, 'v1');
}

/** OPA's order of rules: by what their heads take, are and give. */
function compareRules(a: SupportRule, b: SupportRule): number {
  const heads = (rule: SupportRule): Source =>
    list([
      list(rule.args ?? []),
      list(rule.ref),
      ...[rule.key, rule.value].filter((term) => term !== undefined),
    ]);
  const body = (rule: SupportRule): Source => ({
    kind: 'arrayComprehension',
    term: TRUE_SOURCE,
    body: rule.body,
    location: NO_LOCATION,
  });
  return (
    compareTerms(heads(a), heads(b)) ||
    Number(a.isDefault) - Number(b.isDefault) ||
    compareTerms(body(a), body(b))
  );
}

function list(items: readonly Source[]): Source {
  return { kind: 'array', items: [...items], location: NO_LOCATION };
}
