import type { FileSystem } from '../filesystem/types.ts';
import { nameBytes } from '../filesystem/write-root.ts';
import type { Identities } from './identities.ts';
import { asRoot } from './user-namespace.ts';

/**
 * Gives what `writeRoot` has written to the users and groups of the image. What is of others than there are identities for is
 * left to whoever wrote it, who is nobody to the image.
 *
 * @param root where it was written
 */
export function giveOwners(fileSystem: FileSystem, root: string, identities: Identities): void {
  const top = fileSystem.get('')!;
  const byOwner = Map.groupBy(
    [top, ...fileSystem.nodes()].filter(
      ({ uid, gid, type }) =>
        uid < identities.count && gid < identities.count && /^(file|directory|symlink)$/.test(type),
    ),
    ({ uid, gid }) => `${uid}:${gid}`,
  );
  for (const nodes of byOwner.values()) {
    const paths = nodes.map(({ path }) => Buffer.concat([Buffer.from(`${root}/`), nameBytes(path)]));
    giveTo(identities, nodes[0]!, paths);
  }
}

/** Gives paths to a user and a group of the image; of a link itself, not what it leads to. */
export function giveTo(
  identities: Identities,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  paths: readonly Uint8Array[],
): void {
  const owner = `${identities.uid + uid}:${identities.gid + gid}`;
  const input = Buffer.concat(paths.flatMap((path) => [path, zero]));
  asRoot(identities, ['xargs', '-0', 'chown', '-h', owner, '--'], input);
}

const zero = Buffer.of(0);
