import type { RequirementFact } from '../types.ts';
import type { Exemption, Trust } from './types.ts';

/**
 * What the trust configuration asks of the image named `name` (`registry/repository`). Every entry that matches
 * applies, as with ClusterImagePolicy: an entry added can only ask for more. Where none matches, `default` decides;
 * a requirement no authority can meet stands for deny and warn.
 */
export function requirementsFor(trust: Trust, name: string): readonly RequirementFact[] {
  const requirements: RequirementFact[] = [];
  for (const { entry, match, exclude, mode, atLeast, of, annotations, refusal } of trust.images) {
    const glob = match.find((candidate) => candidate.matches(name));
    if (glob === undefined || exclude.some((candidate) => candidate.matches(name))) continue;
    requirements.push({ entry, match: glob.pattern, mode, atLeast, of, annotations, refusal });
  }
  if (requirements.length > 0 || trust.default === 'allow') return requirements;
  const mode = trust.default === 'warn' ? 'warn' : trust.mode;
  return [{ entry: 'default', match: '**', mode, atLeast: 1, of: [], annotations: {}, refusal: null }];
}

/** The exemption that lets the image named `name` through, if any. */
export function exemptionFor(trust: Trust, name: string): Exemption | undefined {
  return trust.exempt.find(({ match }) => match.some((glob) => glob.matches(name)));
}
