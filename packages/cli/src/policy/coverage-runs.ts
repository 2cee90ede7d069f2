import { COVERAGE_KINDS, type CoverageKind } from '@pratique/rego';
import { usage } from './sources.ts';

/** What `--coverage-runs a,b` names: an empty value is none, and without the flag it is undefined. */
export function coverageRuns(
  command: string,
  values: readonly string[],
): readonly CoverageKind[] | undefined {
  if (values.length === 0) return undefined;
  const names = values.filter((value) => value !== '').flatMap((value) => value.split(','));
  return names.map((name) => {
    const kind = COVERAGE_KINDS.find((known) => known === name);
    if (kind !== undefined) return kind;
    const expected = COVERAGE_KINDS.map((known) => `"${known}"`).join(' or ');
    throw usage(command, `invalid --coverage-runs value ${JSON.stringify(name)} (expected ${expected})`);
  });
}
