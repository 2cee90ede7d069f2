import { basename } from 'node:path/posix';
import { printable } from '@pratique/errors';
import { tufErrors } from '../errors.ts';
import { isDelegated } from '../metadata/target-path.ts';
import type { RoleKeys, TargetInfo } from '../metadata/types.ts';
import { verifyFile } from '../metadata/verify-file.ts';
import { loadTargets, missing, type Repository } from './update.ts';

/** Roles that are asked about one target, as in other clients. */
const maxRoles = 32;
/** A target is a trusted root or the like; whoever signs targets must not be able to fill the memory. */
const maxTargetBytes = 64 * 1024 * 1024;

/**
 * A target's content: kept from before, or fetched; in either case what the signed metadata says.
 *
 * @throws TUF_TARGET_NOT_FOUND, TUF_MISMATCH, TUF_SIZE_EXCEEDED, TUF_UNREACHABLE, and what loading roles throws
 */
export async function readTarget(
  repository: Repository,
  targetStore: Repository['store'],
  path: string,
): Promise<Uint8Array> {
  const info = await findTarget(repository, path);
  const before = targetStore.read(path);
  if (before !== undefined && isFile(before, info)) return before;
  const { mirror, metadata, signal } = repository;
  if (mirror === undefined) {
    throw tufErrors.error('TUF_NOT_INITIALIZED', { message: `${printable(path)} is not on this machine` });
  }
  if (info.length > maxTargetBytes) {
    throw tufErrors.error('TUF_SIZE_EXCEEDED', {
      message: `the target ${printable(path)} is larger than it may be`,
      expected: `at most ${maxTargetBytes} bytes`,
      found: `${info.length} bytes`,
    });
  }
  const file = metadata.root.consistentSnapshot ? hashedPath(info) : path;
  const bytes = await mirror.fetch(['targets', ...file.split('/')], info.length, signal);
  if (bytes === undefined) throw missing(mirror, `targets/${file}`);
  verifyFile(bytes, info, path);
  targetStore.write(path, bytes);
  return bytes;
}

function isFile(bytes: Uint8Array, info: TargetInfo): boolean {
  try {
    verifyFile(bytes, info, info.path);
    return true;
  } catch {
    return false;
  }
}

/** `dir/HASH.name` (specification §6.2). */
function hashedPath({ path, hashes }: TargetInfo): string {
  const name = basename(path);
  const [hash] = hashes.values();
  return `${path.slice(0, path.length - name.length)}${hash}.${name}`;
}

/** Depth first, in the order of delegations; behind a terminating one nobody else is asked (specification §5.6.7). */
async function findTarget(repository: Repository, path: string): Promise<TargetInfo> {
  const { metadata } = repository;
  const toVisit: { readonly role: string; readonly delegator: RoleKeys }[] = [
    { role: 'targets', delegator: metadata.root.roles.targets },
  ];
  const visited = new Set<string>();
  while (toVisit.length > 0 && visited.size < maxRoles) {
    const { role, delegator } = toVisit.pop()!;
    if (visited.has(role)) continue;
    visited.add(role);
    const targets = role === 'targets' ? repository.targets : await loadTargets(repository, role, delegator);
    const found = targets.targets.get(path);
    if (found !== undefined) return found;
    const delegated = targets.delegations.filter((delegation) => isDelegated(path, delegation));
    const end = delegated.findIndex(({ terminating }) => terminating);
    if (end >= 0) toVisit.length = 0;
    const asked = end >= 0 ? delegated.slice(0, end + 1) : delegated;
    toVisit.push(...asked.reverse().map((delegation) => ({ role: delegation.name, delegator: delegation })));
  }
  throw tufErrors.error('TUF_TARGET_NOT_FOUND', {
    message: `the repository has no target ${printable(path)}`,
  });
}
