import type { FileNode, FileSystem } from '@pratique/inspect';
import type { LayerEntry } from '@pratique/oci';
import { directoryOf } from '../reach/resolve.ts';

/**
 * What one more layer on the base must hold so that the outcome is `wanted`: what is new or different, and a whiteout
 * (image-spec §Whiteouts) for what is gone. Names of one file come all or none.
 *
 * @param wanted all entries of the outcome, parents among them
 */
export function diffEntries(base: FileSystem, wanted: readonly LayerEntry[]): readonly LayerEntry[] {
  const byPath = new Map(wanted.map((entry) => [entry.path, entry]));
  const changedFiles = new Set<string>();
  const fileOf = (entry: LayerEntry) => (entry.type === 'hardlink' ? entry.target : entry.path);
  for (const entry of wanted) {
    if (entry.type !== 'file' && entry.type !== 'hardlink') continue;
    const content = byPath.get(fileOf(entry))!;
    const first = base.get(fileOf(entry));
    const node = base.get(entry.path);
    const isLinked = entry.type === 'file' || (node !== undefined && node.inode === first?.inode);
    if (!isLinked || !isSame(node, { ...content, path: entry.path })) changedFiles.add(fileOf(entry));
  }
  const changes = wanted.filter((entry) =>
    entry.type === 'file' || entry.type === 'hardlink'
      ? changedFiles.has(fileOf(entry))
      : !isSame(base.get(entry.path), entry),
  );
  return [...changes, ...whiteouts(base, byPath)];
}

function isSame(node: FileNode | undefined, entry: LayerEntry): boolean {
  if (node === undefined || node.type !== entry.type) return false;
  if (node.uid !== (entry.uid ?? 0) || node.gid !== (entry.gid ?? 0)) return false;
  if (entry.type === 'symlink') return node.linkname === entry.target;
  // Capabilities and the like are not written.
  if ('mode' in entry && entry.mode !== node.mode) return false;
  if ((node.xattrs?.size ?? 0) > 0) return false;
  // Contents that were not touched are the very same source of bytes.
  return entry.type !== 'file' || node.size === 0 ? isEmpty(entry) : entry.content === node.content;
}

function isEmpty(entry: LayerEntry): boolean {
  if (entry.type !== 'file') return true;
  const { content } = entry;
  return content instanceof Uint8Array ? content.length === 0 : 'size' in content && content.size === 0;
}

/** For each topmost path of the base that is gone. */
function* whiteouts(base: FileSystem, wanted: ReadonlyMap<string, LayerEntry>): Generator<LayerEntry> {
  const gone = new Set<string>();
  for (const { path } of base.nodes()) {
    if (wanted.has(path)) continue;
    gone.add(path);
    const above = directoryOf(path);
    // What a file or link stands in the place of is gone without being said.
    const parent = above === '' ? undefined : wanted.get(above);
    if (gone.has(above) || (parent !== undefined && parent.type !== 'directory')) continue;
    const name = path.slice(above === '' ? 0 : above.length + 1);
    yield {
      type: 'file',
      path: `${above === '' ? '' : `${above}/`}.wh.${name}`,
      mode: 0,
      content: new Uint8Array(),
    };
  }
}
