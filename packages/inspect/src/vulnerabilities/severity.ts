import { type Rating, type Severity, severities } from '../advisories/advisory.ts';
import { vendorOf } from '../advisories/distributions.ts';
import type { Package } from '../packages/package.ts';
import type { Finding, SeverityChoice } from './finding.ts';

/** Worst first: negative when `a` is worse. */
export function compareSeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b);
}

/** Whose word counts most for a package: who maintains it there. */
function vendors({ type, distro }: Package): readonly string[] {
  if (distro !== undefined) return [vendorOf(distro.id === 'centos' ? 'rhel' : distro.id)];
  return ['ghsa', type === 'golang' ? 'go' : type === 'cargo' ? 'crates.io' : type];
}

/** The vendor of the package before NVD before anybody else; of several, the worst. */
export function chooseSeverity(installed: Package, ratings: readonly Rating[]): SeverityChoice {
  const worstFirst = ratings
    .filter(({ severity }) => severity !== 'unknown')
    .sort((a, b) => compareSeverity(a.severity, b.severity));
  const choices = [
    ['vendor', worstFirst.find(({ by }) => vendors(installed).includes(by))],
    ['nvd', worstFirst.find(({ by }) => by === 'nvd')],
    ['other', worstFirst[0]],
  ] as const;
  for (const [rule, rating] of choices) {
    if (rating !== undefined) return { ...rating, rule };
  }
  return { severity: 'unknown', rule: 'none' };
}

/** What a severity stands for where there is no score, of ten. */
const typicalScores: Readonly<Record<Severity, number>> = {
  critical: 9,
  high: 7.5,
  medium: 5,
  low: 3,
  negligible: 0.5,
  unknown: 5,
};

/**
 * Severity times threat, 0–100, as Grype computes it: threat is 1 for what is known to be exploited, else the
 * probability of EPSS; known exploitation adds a twentieth, by ransomware a tenth.
 */
export function riskOf(
  finding: Pick<Finding, 'severity' | 'exploited' | 'exploitation'>,
): number | undefined {
  const { severity, exploited, exploitation } = finding;
  const threat = exploited === undefined ? exploitation?.score : 1;
  if (threat === undefined) return undefined;
  const known = exploited === undefined ? 1 : exploited.ransomware ? 1.1 : 1.05;
  const weight = (severity.score ?? typicalScores[severity.severity]) / 10;
  return Math.round(Math.min(threat * weight * known, 1) * 1000) / 10;
}
