import type { Severity } from './advisory.ts';

const weights = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  UI: { N: 0.85, R: 0.62 },
  impact: { H: 0.56, L: 0.22, N: 0 },
  PR: { N: 0.85, L: 0.62, H: 0.27 },
  /** When the scope changes, privileges weigh less. */
  PRchanged: { N: 0.85, L: 0.68, H: 0.5 },
} as const;

/**
 * The base score of a CVSS 3.0 or 3.1 vector (first.org/cvss/v3.1/specification-document, §7.1 and appendix A);
 * undefined for anything else.
 */
export function cvssBaseScore(vector: string): number | undefined {
  if (!/^CVSS:3\.[01]\/[A-Z:/]{1,200}$/.test(vector)) return undefined;
  const metrics = new Map(vector.split('/').map((part) => part.split(':') as [string, string]));
  const weigh = (metric: string, table: Readonly<Record<string, number>>): number =>
    table[metrics.get(metric) ?? ''] ?? Number.NaN;
  const scope = metrics.get('S');
  if (scope !== 'U' && scope !== 'C') return undefined;
  const changed = scope === 'C';
  const lost = ['C', 'I', 'A'].map((metric) => 1 - weigh(metric, weights.impact));
  const iss = 1 - lost.reduce((product, part) => product * part, 1);
  const impact = changed ? 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02) ** 15 : 6.42 * iss;
  const exploitability =
    8.22 *
    weigh('AV', weights.AV) *
    weigh('AC', weights.AC) *
    weigh('PR', changed ? weights.PRchanged : weights.PR) *
    weigh('UI', weights.UI);
  if (Number.isNaN(impact + exploitability)) return undefined;
  if (impact <= 0) return 0;
  return roundUp(Math.min((changed ? 1.08 : 1) * (impact + exploitability), 10));
}

/** To one decimal, upwards, without being caught by binary fractions (appendix A). */
function roundUp(value: number): number {
  const scaled = Math.round(value * 100_000);
  return scaled % 10_000 === 0 ? scaled / 100_000 : (Math.floor(scaled / 10_000) + 1) / 10;
}

/** The qualitative rating of a base score (§5). */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'negligible';
}
