import { notaryErrors } from '../errors.ts';
import type { SignedTag } from '../metadata/types.ts';
import { isCovered } from './targets.ts';
import type { TrustedRepository, TrustedRole } from './trusted-repository.ts';

/** What signatures with Docker Content Trust are called beside those of other formats. */
export const contentTrustFormat = 'docker-content-trust';

/** Roles whose tags Docker takes, the first that has the tag: what other roles sign only says who agrees. */
export const releaseRoles: readonly string[] = ['targets/releases', 'targets'];

/** A tag as one role signed it. */
export interface ReleasedTag extends SignedTag {
  readonly tag: string;
  readonly role: TrustedRole;
}

/**
 * What a tag is signed to be by the first of `roles` that has it.
 *
 * @returns undefined where none has
 * @throws the problem of a role that is not believed, and might have signed the tag before the ones that did
 */
export function findTag(
  repository: TrustedRepository,
  tag: string,
  roles: readonly string[] = releaseRoles,
): ReleasedTag | undefined {
  for (const name of roles) {
    const problem = repository.problems.get(name);
    if (problem !== undefined && isCovered(tag, problem.paths)) throw problem.error;
    const role = repository.roles.get(name);
    const signed = role?.tags.get(tag);
    if (role !== undefined && signed !== undefined) return { tag, role, ...signed };
  }
  return undefined;
}

/** The same of a tag that must be signed. @throws NOTARY_TAG_NOT_SIGNED, and as `findTag` */
export function requireTag(
  repository: TrustedRepository,
  tag: string,
  roles: readonly string[] = releaseRoles,
): ReleasedTag {
  const found = findTag(repository, tag, roles);
  if (found !== undefined) return found;
  throw notaryErrors.error('NOTARY_TAG_NOT_SIGNED', {
    message: `${repository.repository}:${tag} is not signed with Docker Content Trust`,
    expected: `the tag in ${roles.join(' or ')}`,
    found: 'none',
  });
}

/** Every tag that Docker takes, by name. @throws the problem of a role that is not believed: its tags are not known */
export function releasedTags(repository: TrustedRepository): readonly ReleasedTag[] {
  const problem = releaseRoles.map((name) => repository.problems.get(name)).find((one) => one !== undefined);
  if (problem !== undefined) throw problem.error;
  const names = new Set(releaseRoles.flatMap((name) => [...(repository.roles.get(name)?.tags.keys() ?? [])]));
  return [...names].sort().flatMap((tag) => findTag(repository, tag) ?? []);
}

/** Roles other than those that release which signed the same tag to be the same. */
export function signersOf(
  repository: TrustedRepository,
  { tag, digest }: ReleasedTag,
): readonly TrustedRole[] {
  return [...repository.roles.values()].filter(
    ({ name, tags }) => !releaseRoles.includes(name) && tags.get(tag)?.digest === digest,
  );
}
