import { releasedTags, requireTag, type TrustedRepository } from '@pratique/notary';
import type { Digest } from '@pratique/oci';

/** An image that content trust names, with all the tags that it has there. */
export interface Release {
  readonly digest: Digest;
  /** Bytes of its manifest. */
  readonly length: number;
  readonly tags: readonly string[];
  readonly roles: readonly string[];
  /** Canonical ids of the keys that signed them. */
  readonly keys: readonly string[];
}

/** Each image that is released, once; of one tag, that one's. @throws NOTARY_TAG_NOT_SIGNED, and problems of roles */
export function releasesOf(trusted: TrustedRepository, tag: string | undefined): readonly Release[] {
  const released = tag === undefined ? releasedTags(trusted) : [requireTag(trusted, tag)];
  const groups = Map.groupBy(released, ({ digest }) => digest);
  return [...groups].map(([digest, group]) => ({
    digest,
    length: group[0]!.length,
    tags: group.map((one) => one.tag),
    roles: once(group.map(({ role }) => role.name)),
    keys: once(group.flatMap(({ role }) => role.signedBy)),
  }));
}

const once = (names: readonly string[]): readonly string[] => [...new Set(names)].sort();

/** What a signature says of where it comes from. */
export function originOf({ tags, roles, keys }: Release): Readonly<Record<string, string>> {
  return {
    'docker-content-trust.tags': tags.join(','),
    'docker-content-trust.role': roles.join(','),
    'docker-content-trust.keys': keys.join(','),
  };
}
