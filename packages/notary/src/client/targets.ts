import { PratiqueError } from '@pratique/errors';
import { invalid } from '../metadata/members.ts';
import { parseTargets } from '../metadata/roles.ts';
import type { Delegation, RoleKeys, SignedTag, Snapshot } from '../metadata/types.ts';
import { mismatch } from '../metadata/verify-file.ts';
import { canonicalIds } from '../root/signed-root.ts';
import type { KnownRole, TrustedRepository, TrustedRole } from './trusted-repository.ts';
import { type RoleReader, rollback } from './update.ts';

/** Bytes of the file of one role, and of all together. */
const maxRoleBytes = 32 * 1024 * 1024;
const maxAllBytes = 96 * 1024 * 1024;
const maxRoles = 256;
/** Levels of delegation below targets. */
const maxDepth = 8;

/** Problems that are one delegated role's own. */
const ofOneRole: ReadonlySet<string> = new Set([
  'NOTARY_METADATA_INVALID',
  'NOTARY_THRESHOLD',
  'NOTARY_EXPIRED',
  'NOTARY_ROLLBACK',
  'NOTARY_MISMATCH',
  'NOTARY_SIZE_EXCEEDED',
]);

/**
 * Reads targets and every role below it, parents first: they say who signs for their children. What a child may sign is
 * never more than what its parent may.
 *
 * @param wanted delegated roles that matter; absent: all
 */
export async function walkTargets(
  reader: RoleReader,
  snapshot: Snapshot,
  top: RoleKeys,
  wanted?: readonly string[],
): Promise<Pick<TrustedRepository, 'roles' | 'delegations' | 'problems'>> {
  const roles = new Map<string, TrustedRole>();
  const delegations: KnownRole[] = [];
  const problems = new Map<string, { error: PratiqueError; paths: readonly string[] }>();
  const open: Delegation[] = [{ ...top, name: 'targets', paths: [''] }];
  let bytes = 0;
  for (let role = open.shift(); role !== undefined; role = open.shift()) {
    const { name, paths } = role;
    if (name !== 'targets') delegations.push({ name, keyIds: canonicalIds(role) });
    if (delegations.length > maxRoles) throw invalid(`there are more than ${maxRoles} delegated roles`);
    if (!isWanted(name, wanted)) {
      reader.keep(name);
      continue;
    }
    bytes += snapshot.meta.get(name)?.length ?? 0;
    if (bytes > maxAllBytes) throw invalid(`the roles have more than ${maxAllBytes} bytes`);
    try {
      const found = await readTargets(reader, snapshot, role);
      if (found === undefined) continue;
      roles.set(name, found.role);
      open.unshift(...found.delegations);
    } catch (error) {
      if (name === 'targets' || !(error instanceof PratiqueError) || !ofOneRole.has(error.code)) throw error;
      problems.set(name, { error, paths });
      reader.keep(name);
    }
  }
  return { roles, delegations, problems };
}

/** Whether a role matters, or one below it does. */
function isWanted(name: string, wanted: readonly string[] | undefined): boolean {
  return name === 'targets' || (wanted?.some((role) => role === name || role.startsWith(`${name}/`)) ?? true);
}

/** @returns undefined for a delegated role that has not signed anything yet */
async function readTargets(
  reader: RoleReader,
  snapshot: Snapshot,
  role: Delegation,
): Promise<{ role: TrustedRole; delegations: readonly Delegation[] } | undefined> {
  const { name, paths } = role;
  if (name.split('/').length - 1 > maxDepth)
    throw invalid(`${name} is delegated more than ${maxDepth} levels deep`);
  const info = snapshot.meta.get(name);
  if (info === undefined) {
    if (name === 'targets') throw mismatch('targets.json', 'to be named in the snapshot', 'not named');
    const seen = reader.seenVersion(name);
    if (seen === undefined) return undefined;
    throw rollback(`${name}.json`, seen, 'none');
  }
  const { version, expires, signedBy, tags, delegations } = reader.read(
    await reader.fetch(name, info, maxRoleBytes),
    name,
    role,
    parseTargets,
  );
  return {
    role: {
      name,
      version,
      expires,
      keyIds: canonicalIds(role),
      signedBy: canonicalIds({ ...role, keyIds: signedBy }),
      tags: new Map<string, SignedTag>([...tags].filter(([tag]) => isCovered(tag, paths))),
    },
    delegations: delegations.map((child) => ({
      ...child,
      paths: child.paths.filter((path) => isCovered(path, paths)),
    })),
  };
}

/** Whether a tag, or what tags begin with, begins with one of the paths. */
export function isCovered(text: string, paths: readonly string[]): boolean {
  return paths.some((path) => text.startsWith(path));
}
