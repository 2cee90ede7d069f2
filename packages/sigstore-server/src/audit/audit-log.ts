import {
  type Checkpoint,
  encodeBase64,
  equalBytes,
  GrowingTree,
  isNoteSignedBy,
  leafHash,
  parseCheckpoint,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import type { TransparencyLog } from '@pratique/sigstore';
import { readPartial, TileMissing, type TileSource } from './tile-source.ts';

/** A tree that was seen before. */
export interface SeenTree {
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

export interface LogAudit extends SeenTree {
  readonly name: string;
  readonly origin: string;
  /** What is wrong, in words; none when the log is sound. */
  readonly problems: readonly string[];
}

const maxProblems = 20;
/** A tree is rebuilt in memory, 64 bytes a leaf. */
const maxEntries = 50_000_000;

export interface AuditedLog {
  readonly name: string;
  readonly source: TileSource;
  /** The logs whose signature may be on the checkpoint. */
  readonly trusted: readonly TransparencyLog[];
  /** What the origin of this log, and of no other with such a key, is like. */
  readonly origin: RegExp;
  /** Trees of earlier audits, by origin. */
  readonly seen: Readonly<Record<string, SeenTree>>;
  /** Leaf hashes from elsewhere that the tiles must agree with: those of the journal. */
  readonly leaves?: readonly Uint8Array[];
}

/**
 * Reads a whole log as its tiles and checks that it is one tree: the checkpoint is signed by a trusted log; every leaf
 * hashes to what the tiles say; every tile of every level follows from the ones below; the root is that of the
 * checkpoint; and the tree continues the one that was seen before.
 *
 * @throws what the source throws when it cannot be read
 */
export async function auditLog({
  name,
  source,
  trusted,
  origin,
  seen,
  leaves,
}: AuditedLog): Promise<LogAudit> {
  const problems: string[] = [];
  const problem = (text: string) => {
    if (problems.length < maxProblems) problems.push(text);
  };
  const checkpoint = parseCheckpoint(new TextDecoder().decode(await source.read('checkpoint')));
  const root = encodeBase64(checkpoint.rootHash);
  const size = Number(checkpoint.treeSize);
  const result = { name, origin: printable(checkpoint.origin, 255), size, root, problems };
  // What nobody signed is not followed: its size may be anything.
  if (!origin.test(checkpoint.origin) || !isSigned(checkpoint, trusted))
    problem('the checkpoint is not signed by a log of the trusted root');
  else if (size > maxEntries) problem(`the log has more than ${maxEntries} entries`);
  if (problems.length > 0) return result;
  let tree: GrowingTree;
  try {
    tree = await rebuild(source, size, problem);
    if (tree.size === size && !equalBytes(tree.root(), checkpoint.rootHash)) {
      problem('the root of the entries is not that of the checkpoint');
    }
    await checkUpperTiles(source, tree, problem);
  } catch (error) {
    if (!(error instanceof TileMissing)) throw error;
    problem(`${error.message} is missing (what was restored gets its tiles when the server first starts)`);
    return result;
  }
  const before = Object.hasOwn(seen, checkpoint.origin) ? seen[checkpoint.origin] : undefined;
  if (before !== undefined) {
    if (before.size > tree.size) problem(`the log has shrunk: it had ${before.size} entries`);
    else if (encodeBase64(tree.root(before.size)) !== before.root) {
      problem(`the log has forked: its first ${before.size} entries are not those that were seen before`);
    }
  }
  if (leaves !== undefined) {
    if (leaves.length < size)
      problem(`the journal has only ${leaves.length} of the ${size} published entries`);
    const differing = leaves.slice(0, tree.size).findIndex((hash, i) => !equalBytes(hash, tree.node(0, i)));
    if (differing >= 0) problem(`entry ${differing} is another one in the journal than in the tiles`);
  }
  return result;
}

function isSigned(checkpoint: Checkpoint, trusted: readonly TransparencyLog[]): boolean {
  return trusted.some(({ key, id }) =>
    isNoteSignedBy(checkpoint, { key, keyHint: Buffer.from(id.slice(0, 8), 'hex'), name: null }),
  );
}

/** The tree over the leaves themselves, each compared with its hash in the tiles. */
async function rebuild(
  source: TileSource,
  size: number,
  problem: (text: string) => void,
): Promise<GrowingTree> {
  const tree = new GrowingTree();
  for (let index = 0; index * 256 < size; index++) {
    const width = Math.min(256, size - index * 256);
    const hashes = await readPartial(source, 0, index, width);
    const bundle = await readPartial(source, 'entries', index, width);
    const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
    for (let i = 0, at = 0; i < width; i++) {
      const end = at + 2 + (at + 2 <= bundle.byteLength ? view.getUint16(at) : bundle.byteLength);
      if (end > bundle.byteLength) {
        problem(`the bundle with entry ${tree.size} is cut off`);
        return tree;
      }
      const hash = leafHash(bundle.subarray(at + 2, end));
      if (!equalBytes(hash, hashes.subarray(i * 32, (i + 1) * 32))) {
        problem(`entry ${tree.size} does not hash to what its tile says`);
      }
      tree.append(hash);
      at = end;
    }
  }
  return tree;
}

async function checkUpperTiles(
  source: TileSource,
  tree: GrowingTree,
  problem: (text: string) => void,
): Promise<void> {
  for (
    let level = 1, count = Math.floor(tree.size / 256);
    count > 0;
    level++, count = Math.floor(count / 256)
  ) {
    for (let index = 0; index * 256 < count; index++) {
      const width = Math.min(256, count - index * 256);
      const tile = await readPartial(source, level, index, width);
      for (let i = 0; i < width; i++) {
        const expected = tree.node(level * 8, index * 256 + i);
        if (!equalBytes(tile.subarray(i * 32, (i + 1) * 32), expected)) {
          problem(`hash ${index * 256 + i} of level ${level} does not follow from the tiles below`);
        }
      }
    }
  }
}
