import { sourceText, usualSource } from '../trust/source.ts';
import type { Authority, SignatureSource, Trust } from '../trust/types.ts';
import type { RequirementFact } from '../types.ts';

/** Where signatures of an image are looked for, and whose count there. */
export interface EvidencePlace {
  readonly source: SignatureSource;
  /** With those authorities alone that keep their signatures there. */
  readonly trust: Trust;
}

/** Made once per trust configuration, by `sourceText` of the source. */
const known = new WeakMap<Trust, ReadonlyMap<string, EvidencePlace>>();

/** Beside the image, and the sources of the authorities that it needs: nobody else's repository is asked. */
export function placesFor(trust: Trust, requirements: readonly RequirementFact[]): readonly EvidencePlace[] {
  const places = known.get(trust) ?? makePlaces(trust);
  known.set(trust, places);
  const wanted = new Set([sourceText(usualSource)]);
  for (const name of requirements.flatMap(({ of }) => of)) {
    for (const source of trust.authorities.get(name)?.sources ?? []) wanted.add(sourceText(source));
  }
  return [...wanted].map((name) => places.get(name)!);
}

function makePlaces(trust: Trust): ReadonlyMap<string, EvidencePlace> {
  const all = [...trust.authorities.values()];
  const places = new Map<string, EvidencePlace>();
  for (const source of [usualSource, ...all.flatMap(({ sources = [] }) => sources)]) {
    const name = sourceText(source);
    if (places.has(name)) continue;
    const isThere = ({ sources = [usualSource] }: Authority) =>
      sources.some((one) => sourceText(one) === name);
    const authorities = new Map(all.filter(isThere).map((one) => [one.name, one]));
    places.set(name, { source, trust: authorities.size === all.length ? trust : { ...trust, authorities } });
  }
  return places;
}
