import type { CoverageReport } from '@pratique/rego';
import type { Sources } from './sources.ts';

const PREFIX = 'pratique:';

/**
 * Adds `data.pratique.lib`, which policies of a trust configuration may import, where they do and it is not among the
 * files: a gate has it always. `prefix` begins the names it gets.
 */
export async function withLibrary(sources: Sources, prefix = PREFIX): Promise<Sources> {
  const texts = [...sources.modules.values()].map(({ text }) => text);
  const isUsed = texts.some((text) => text.includes('data.pratique.lib'));
  if (!isUsed || texts.some(isLibrary)) return sources;
  const { defaultPolicies } = await import('@pratique/policy');
  const modules = new Map(sources.modules);
  for (const { path, text } of defaultPolicies()) {
    if (!path.startsWith(`${PREFIX}lib/`)) continue;
    let name = `${prefix}${path.slice(PREFIX.length)}`;
    while (modules.has(name)) name = `_${name}`;
    modules.set(name, { text, regoVersion: 'v1' });
  }
  return { ...sources, modules };
}

/** Whether a policy is `data.pratique.lib`, ours or a copy. */
export function isLibrary(text: string): boolean {
  return /^package pratique\.lib\s*$/m.test(text);
}

/** Coverage of the user's own files. */
export function withoutLibrary(report: CoverageReport): CoverageReport {
  const files = Object.entries(report.files).filter(([name]) => !name.startsWith(PREFIX));
  if (files.length === Object.keys(report.files).length) return report;
  const sum = (member: 'covered_lines' | 'not_covered_lines'): number =>
    files.reduce((total, [, file]) => total + file[member], 0);
  const [covered_lines, not_covered_lines] = [sum('covered_lines'), sum('not_covered_lines')];
  const lines = covered_lines + not_covered_lines;
  const coverage = lines === 0 ? 0 : (100 * covered_lines) / lines;
  return { files: Object.fromEntries(files), covered_lines, not_covered_lines, coverage };
}
