import type { RequirementFact } from '../types.ts';
import { type AdmittedObject, selects } from './objects.ts';
import type { Exemption, Trust } from './types.ts';

/**
 * What the trust configuration asks of the image named `name` (`registry/repository`) in an object. Every entry that
 * matches applies, as with ClusterImagePolicy: an entry added can only ask for more. An image in no object that is known
 * (null) is asked for what it would be in any. Where no entry matches, `default` decides; a requirement no authority can
 * meet stands for deny and warn.
 */
export function requirementsFor(
  trust: Trust,
  name: string,
  object: Omit<AdmittedObject, 'content'> | null,
): readonly RequirementFact[] {
  const requirements: RequirementFact[] = [];
  for (const given of trust.images) {
    const { entry, match, exclude, objects, mode, atLeast, of, annotations, refusal, policy } = given;
    const glob = match.find((candidate) => candidate.matches(name));
    if (glob === undefined || exclude.some((candidate) => candidate.matches(name))) continue;
    if (object !== null && objects.length > 0 && !objects.some((one) => selects(one, object))) continue;
    requirements.push({ entry, match: glob.pattern, mode, atLeast, of, annotations, refusal, policy });
  }
  if (requirements.length > 0 || trust.default === 'allow') return requirements;
  const mode = trust.default === 'warn' ? 'warn' : trust.mode;
  return [
    { entry: 'default', match: '**', mode, atLeast: 1, of: [], annotations: {}, refusal: null, policy: null },
  ];
}

/** The exemption that lets the image named `name` through, if any. */
export function exemptionFor(trust: Trust, name: string): Exemption | undefined {
  return trust.exempt.find(({ match }) => match.some((glob) => glob.matches(name)));
}
