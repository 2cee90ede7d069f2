import type { Reference } from '@pratique/oci';
import type { RequirementFact } from '../types.ts';
import { type AdmittedObject, selects } from './objects.ts';
import type { Exemption, Trust } from './types.ts';

/** What an image is called where it is used: see `ImageGlob.matches`. */
export interface CalledImage {
  readonly name: string;
  readonly reference: string;
}

/** How patterns see an image: a tag beside a digest says nothing, and without either it is `latest`. */
export function calledAs({
  name,
  reference: { tag = 'latest', digest },
}: {
  /** In its one spelling. */
  readonly name: string;
  readonly reference: Pick<Reference, 'tag' | 'digest'>;
}): CalledImage {
  return { name, reference: digest === undefined ? `${name}:${tag}` : `${name}@${digest}` };
}

/**
 * What the trust configuration asks of an image in an object. Every entry that
 * matches applies, as with ClusterImagePolicy: an entry added can only ask for more. An image in no object that is known
 * (null) is asked for what it would be in any. Where no entry matches, `default` decides; a requirement no authority can
 * meet stands for deny and warn.
 */
export function requirementsFor(
  trust: Trust,
  { name, reference }: CalledImage,
  object: Omit<AdmittedObject, 'content'> | null,
): readonly RequirementFact[] {
  const requirements: RequirementFact[] = [];
  for (const given of trust.images) {
    const { entry, match, exclude, objects, mode, atLeast, of, annotations, refusal, policy } = given;
    const glob = match.find((candidate) => candidate.matches(name, reference));
    if (glob === undefined || exclude.some((candidate) => candidate.matches(name, reference))) continue;
    if (object !== null && objects.length > 0 && !objects.some((one) => selects(one, object))) continue;
    requirements.push({ entry, match: glob.pattern, mode, atLeast, of, annotations, refusal, policy });
  }
  if (requirements.length > 0 || trust.default === 'allow') return requirements;
  const mode = trust.default === 'warn' ? 'warn' : trust.mode;
  return [
    { entry: 'default', match: '**', mode, atLeast: 1, of: [], annotations: {}, refusal: null, policy: null },
  ];
}

/** The exemption that lets an image through, if any. */
export function exemptionFor(trust: Trust, { name, reference }: CalledImage): Exemption | undefined {
  return trust.exempt.find(({ match }) => match.some((glob) => glob.matches(name, reference)));
}
