import type { HardenReport } from '@pratique/harden';

/** Removals of one package, or for one reason. */
export interface RemovalGroup {
  readonly name: string;
  readonly bytes: number;
  /** Largest first. */
  readonly paths: readonly { readonly path: string; readonly size: number }[];
}

/** What was removed, by package and reason, largest first. */
export function removalGroups({ removals }: HardenReport): readonly RemovalGroup[] {
  const groups = new Map<string, { bytes: number; paths: { path: string; size: number }[] }>();
  for (const { path, size, reason, package: owner } of removals) {
    const isPackage = /^package .* is removed$|^record of a removed package$/.test(reason);
    const name = isPackage ? `package ${owner}` : reason.replace(/^leads to .*/, 'links to what is removed');
    const group = groups.get(name) ?? { bytes: 0, paths: [] };
    group.bytes += size;
    group.paths.push({ path, size });
    groups.set(name, group);
  }
  return [...groups]
    .map(([name, { bytes, paths }]) => ({ name, bytes, paths: paths.sort((a, b) => b.size - a.size) }))
    .sort((a, b) => b.bytes - a.bytes);
}
