import type { Digest } from '@pratique/oci';
import type { InspectedManifest } from '../manifest/inspect.ts';
import type { StoredManifest } from './layout.ts';

/** A manifest with a subject, as the referrers API lists it. */
export interface Referrer {
  readonly digest: Digest;
  readonly artifactType: string | undefined;
  /** The descriptor as JSON, kept when short; otherwise read from the manifest when asked for. */
  readonly json: string | undefined;
}

/** Annotations are the client's text, up to a manifest's size: only short ones are worth keeping in memory. */
const keptLength = 4096;

/** Which manifests of a repository refer to which subject. The subject need not be here (yet). */
export class ReferrersIndex {
  readonly #bySubject = new Map<Digest, Map<Digest, Referrer>>();
  /** Those that were asked for since they changed. */
  readonly #sorted = new Map<Digest, readonly Referrer[]>();
  readonly #subjects = new Map<Digest, Digest>();

  /** Ordered by digest. */
  of(subject: Digest): readonly Referrer[] {
    const known = this.#bySubject.get(subject);
    if (known === undefined) return [];
    const sorted =
      this.#sorted.get(subject) ?? [...known.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
    this.#sorted.set(subject, sorted);
    return sorted;
  }

  add(manifest: StoredManifest, inspected: InspectedManifest): void {
    const { subject, artifactType } = inspected;
    if (subject === undefined) return;
    const json = referrerJson(manifest, inspected);
    const known = this.#bySubject.get(subject) ?? new Map<Digest, Referrer>();
    const { digest } = manifest;
    known.set(digest, { digest, artifactType, json: json.length <= keptLength ? json : undefined });
    this.#bySubject.set(subject, known);
    this.#sorted.delete(subject);
    this.#subjects.set(digest, subject);
  }

  remove(digest: Digest): void {
    const subject = this.#subjects.get(digest);
    if (subject === undefined) return;
    this.#subjects.delete(digest);
    this.#sorted.delete(subject);
    const known = this.#bySubject.get(subject);
    known?.delete(digest);
    if (known?.size === 0) this.#bySubject.delete(subject);
  }
}

/** The descriptor of a referrer (distribution-spec "Listing Referrers"). */
export function referrerJson(manifest: StoredManifest, inspected: InspectedManifest): string {
  const { artifactType, annotations } = inspected;
  return JSON.stringify({ ...manifest, artifactType, annotations });
}
