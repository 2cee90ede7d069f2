import { printable } from '@pratique/errors';
import type { Finding, ScanReport } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import type { StripPlan } from '../strip/plan.ts';
import type { Change } from './packages.ts';
import type { GoneFinding } from './report.ts';

/**
 * Findings of the base that the result has not, each with the reason: its package was removed or upgraded, or a VEX
 * document says that it does not count.
 *
 * @throws HARDEN_FINDING_UNEXPLAINED where there is none
 */
export function explainGone(
  before: ScanReport | null,
  after: ScanReport | null,
  plan: Pick<StripPlan, 'removed' | 'removals'>,
  changes: readonly Pick<Change, 'name'>[],
): readonly GoneFinding[] {
  if (before === null || after === null) return [];
  const left = new Set(after.findings.map(keyOf));
  const suppressed = new Map(after.suppressed.map((finding) => [keyOf(finding), finding.suppressed.reason]));
  const removed = new Set(plan.removed.map(({ name }) => name));
  const upgraded = new Set(changes.map(({ name }) => name));
  const removedPaths = new Set(plan.removals.map(({ path }) => path));
  return before.findings
    .filter((finding) => !left.has(keyOf(finding)))
    .map((finding): GoneFinding => {
      const { vulnerability: id, severity, package: one } = finding;
      const gone = { id, package: one.name, version: one.version, severity: severity.severity };
      const statement = suppressed.get(keyOf(finding));
      if (statement !== undefined) return { ...gone, reason: 'vex', statement };
      if (removed.has(one.name) || removedPaths.has(one.location.path.split('!', 1)[0]!))
        return { ...gone, reason: 'removed' };
      if (upgraded.has(one.name)) return { ...gone, reason: 'upgraded' };
      throw hardenErrors.error('HARDEN_FINDING_UNEXPLAINED', {
        message: `${printable(id)} in ${printable(one.name)} ${printable(one.version)} is not found any more`,
        expected: 'the package removed or upgraded, or a VEX statement about it',
        found: 'none of these',
      });
    });
}

function keyOf({ vulnerability, package: { type, name, version } }: Finding): string {
  return `${vulnerability} ${type} ${name} ${version}`;
}
