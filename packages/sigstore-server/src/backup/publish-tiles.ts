import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GrowingTree, leafHash, parseCheckpoint } from '@pratique/crypto';
import { Journal } from '../log/journal.ts';
import { decodeEntry } from '../log/log.ts';
import { OffsetList } from '../log/offset-list.ts';
import { TilePublisher } from '../log/tiles.ts';

/**
 * Makes the tiles of the checkpoint in a log's directory from its journal, and puts them on disk, so that whoever reads the
 * files finds them before a server was started.
 *
 * @throws Error of the file system
 */
export async function publishTiles(directory: string): Promise<void> {
  const path = join(directory, 'checkpoint');
  if (!existsSync(path)) return;
  const checkpoint = readFileSync(path, 'utf8');
  const tree = new GrowingTree();
  const ends = new OffsetList();
  const journal = Journal.open(join(directory, 'journal'), (record, end) => {
    tree.append(leafHash(decodeEntry(record).leaf));
    ends.push(end);
  });
  const begin = (index: number): number => (index === 0 ? 0 : ends.at(index - 1));
  const leaves = async (start: number, end: number): Promise<Uint8Array[]> => {
    const records = await journal.readAll(begin(start), begin(end));
    return records.map((record) => decodeEntry(record).leaf);
  };
  try {
    const { treeSize } = parseCheckpoint(checkpoint);
    await new TilePublisher(directory, { tree, leaves }).publish(Number(treeSize), checkpoint);
  } finally {
    journal.close();
  }
}
