import type { GoJson } from '../../bundle/json.ts';
import { compareStrings } from '../../values/index.ts';
import { builtinsJson } from '../capabilities.ts';
import { ADDED, CHANGED, RELEASES } from './history.ts';

export { RELEASES };

/** What else a release has beside functions, from the first release that has it so. */
const LANGUAGE: readonly {
  readonly from: string;
  readonly keywords?: readonly string[];
  readonly wasmMinors?: readonly number[];
  readonly features?: readonly string[];
}[] = [
  { from: 'v0.17.0' },
  { from: 'v0.27.0', wasmMinors: [1] },
  { from: 'v0.31.0', wasmMinors: [1, 2] },
  { from: 'v0.34.0', keywords: ['in'] },
  { from: 'v0.38.0', keywords: ['every', 'in'] },
  { from: 'v0.42.0', keywords: ['contains', 'every', 'if', 'in'] },
  { from: 'v0.46.0', features: ['rule_head_ref_string_prefixes'] },
  { from: 'v0.59.0', features: ['rule_head_ref_string_prefixes', 'rule_head_refs', 'rego_v1_import'] },
  { from: 'v1.0.0', keywords: [], features: ['rego_v1'] },
  { from: 'v1.6.0', features: ['keywords_in_refs', 'rego_v1'] },
  { from: 'v1.12.0', features: ['keywords_in_refs', 'rego_v1', 'template_strings'] },
  { from: 'v1.17.0', keywords: ['not'] },
  { from: 'v1.20.0', keywords: ['and', 'not', 'or'] },
];

/** The `capabilities.json` of a release of OPA (`v0.34.0`), by its name in {@link RELEASES}; undefined for any other. */
export function releaseCapabilities(release: string): GoJson | undefined {
  const at = RELEASES.indexOf(release);
  if (at === -1) return undefined;
  const isBefore = (other: string): boolean => RELEASES.indexOf(other) <= at;
  const names = Object.entries(ADDED)
    .filter(([from]) => isBefore(from))
    .flatMap(([, text]) => text.trim().split(/\s+/));
  const builtins = builtinsJson(new Set(names)).map((builtin) => [String(builtin.name), builtin] as const);
  for (const [, first = '', last = '', json = ''] of CHANGED.matchAll(/^(\S+) (\S+) (.*)$/gm)) {
    if (!isBefore(first) || RELEASES.indexOf(last) < at) continue;
    const builtin = JSON.parse(json) as { readonly [name: string]: GoJson };
    builtins.push([String(builtin.name), builtin]);
  }
  const { keywords, wasmMinors, features } = Object.assign(
    {} as Partial<(typeof LANGUAGE)[number]>,
    ...LANGUAGE.filter(({ from }) => isBefore(from)),
  );
  return {
    builtins: builtins.sort(([a], [b]) => compareStrings(a, b)).map(([, builtin]) => builtin),
    future_keywords: keywords?.length === 0 ? undefined : keywords,
    wasm_abi_versions: wasmMinors?.map((minor: number) => ({ version: 1, minor_version: minor })),
    features,
  };
}
