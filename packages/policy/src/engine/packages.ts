import { printable } from '@pratique/errors';
import { policyErrors } from '../errors.ts';
import type { PolicySource } from './sources.ts';
import type { Scope } from './types.ts';

/** A package of policies that a gate evaluates. */
export interface PolicyPackage {
  readonly scope: Scope;
  /** `pratique.image.signed` */
  readonly name: string;
}

interface Module {
  readonly source: PolicySource;
  readonly path: readonly string[];
}

/**
 * Which packages are to be evaluated. A policy that no gate would ever evaluate (a misspelt package, a misspelt rule)
 * is refused: it would look as if it were in force.
 *
 * @throws POLICY_INVALID
 */
export function policyPackages(
  builtIn: readonly PolicySource[],
  added: readonly PolicySource[],
): readonly PolicyPackage[] {
  const own = builtIn.map(moduleOf);
  const reserved = new Set(own.map(({ path }) => path.join('.')));
  const others = added.map(moduleOf);
  for (const module of others) checkPlace(module, reserved);
  const byName = new Map<string, { scope: Scope; modules: Module[] }>();
  for (const module of [...own, ...others]) {
    const scope = scopeOf(module.path);
    if (scope === undefined) continue;
    const name = module.path.join('.');
    const known = byName.get(name);
    if (known === undefined) byName.set(name, { scope, modules: [module] });
    else known.modules.push(module);
  }
  for (const [name, { modules }] of byName) {
    if (modules.some(({ source }) => hasVerdict(source.text))) continue;
    throw invalid(
      modules[0]!,
      `package ${name} has no rule named deny or warn, so it could never refuse anything`,
      {
        expected: 'deny contains … if { … }',
        found: 'no rule deny or warn at the start of a line',
      },
    );
  }
  return [...byName].map(([name, { scope }]) => ({ scope, name }));
}

/** What an engine elsewhere has of the two scopes: its packages, and whether each could ever refuse or warn. */
export function scopedPackages(
  sources: readonly PolicySource[],
): readonly (PolicyPackage & { readonly verdict: boolean })[] {
  const byName = new Map<string, PolicyPackage & { verdict: boolean }>();
  for (const { source, path } of sources.map(moduleOf)) {
    const scope = scopeOf(path);
    if (scope === undefined) continue;
    const name = path.join('.');
    const known = byName.get(name);
    if (known === undefined) byName.set(name, { scope, name, verdict: hasVerdict(source.text) });
    else known.verdict ||= hasVerdict(source.text);
  }
  return [...byName.values()];
}

/** One rule that decides, as an entry point of a compiled policy: `pratique/image/signed/deny`. */
export interface Verdict extends PolicyPackage {
  readonly kind: 'deny' | 'warn';
  readonly entrypoint: string;
}

/** The rules `deny` and `warn` that these policies have in the packages of a gate. */
export function verdictsOf(sources: readonly PolicySource[]): readonly Verdict[] {
  const verdicts = new Map<string, Verdict>();
  for (const { source, path } of sources.map(moduleOf)) {
    const scope = scopeOf(path);
    if (scope === undefined) continue;
    for (const kind of ['deny', 'warn'] as const) {
      if (!new RegExp(`^(default\\s+)?${kind}\\b`, 'm').test(source.text)) continue;
      const entrypoint = [...path, kind].join('/');
      verdicts.set(entrypoint, { scope, name: path.join('.'), kind, entrypoint });
    }
  }
  return [...verdicts.values()];
}

function checkPlace(module: Module, reserved: ReadonlySet<string>): void {
  const name = module.path.join('.');
  const expected =
    'package pratique.image.NAME or pratique.request.NAME; a library elsewhere, without deny and warn';
  if (reserved.has(name))
    throw invalid(module, `package ${name} comes with Pratique`, { expected, found: name });
  if (scopeOf(module.path) !== undefined) return;
  if (module.path[0] === 'pratique' || hasVerdict(module.source.text)) {
    throw invalid(module, `package ${name} is never evaluated`, { expected, found: name });
  }
}

function scopeOf(path: readonly string[]): Scope | undefined {
  const [root, scope] = path;
  return path.length === 3 && root === 'pratique' && (scope === 'image' || scope === 'request')
    ? scope
    : undefined;
}

function hasVerdict(text: string): boolean {
  return /^(default\s+)?(deny|warn)\b/m.test(text);
}

/** The package clause is the first statement of a module: only comments and white space may stand before it. */
function moduleOf(source: PolicySource): Module {
  const clause = /^(?:\s|#[^\n]*(?:\n|$))*package\s+([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\["[^"\\\n]*"\])*)/.exec(
    source.text,
  );
  const path = clause?.[1]?.split(/\.|\["|"\]/).filter((part) => part !== '') ?? [];
  const module = { source, path };
  if (path.length === 0) {
    throw invalid(module, 'does not begin with a package', {
      expected: 'package pratique.image.NAME',
      found: 'none',
    });
  }
  return module;
}

function invalid({ source }: Module, message: string, detail: { expected: string; found: string }) {
  return policyErrors.error('POLICY_INVALID', {
    message: `${printable(source.path)}: ${message}`,
    ...detail,
  });
}
