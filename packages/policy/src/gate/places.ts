import { formatReference, type Reference } from '@pratique/oci';
import type { Authority, Trust } from '../trust/types.ts';
import type { RequirementFact } from '../types.ts';

/** Where signatures of an image are looked for, and whose count there. */
export interface EvidencePlace {
  /** The repository; null beside the image. */
  readonly source: Reference | null;
  /** With those authorities alone that keep their signatures there. */
  readonly trust: Trust;
}

/** Made once per trust configuration, by what `formatReference` makes of the source; `''` is beside the image. */
const known = new WeakMap<Trust, ReadonlyMap<string, EvidencePlace>>();

/** Beside the image, and the sources of the authorities that it needs: nobody else's repository is asked. */
export function placesFor(trust: Trust, requirements: readonly RequirementFact[]): readonly EvidencePlace[] {
  const places = known.get(trust) ?? makePlaces(trust);
  known.set(trust, places);
  const wanted = new Set(['']);
  for (const name of requirements.flatMap(({ of }) => of)) {
    for (const source of trust.authorities.get(name)?.sources ?? []) wanted.add(formatReference(source));
  }
  return [...wanted].map((name) => places.get(name)!);
}

function makePlaces(trust: Trust): ReadonlyMap<string, EvidencePlace> {
  const all = [...trust.authorities.values()];
  const only = (counts: (authority: Authority) => boolean): Trust =>
    all.every(counts)
      ? trust
      : { ...trust, authorities: new Map(all.filter(counts).map((one) => [one.name, one])) };
  const places = new Map<string, EvidencePlace>([
    ['', { source: null, trust: only(({ sources }) => sources === undefined) }],
  ]);
  for (const source of all.flatMap(({ sources = [] }) => sources)) {
    const name = formatReference(source);
    const isThere = ({ sources }: Authority) =>
      sources?.some((one) => formatReference(one) === name) ?? false;
    if (!places.has(name)) places.set(name, { source, trust: only(isThere) });
  }
  return places;
}
