import { readDirectoryLayer } from '../filesystem/directory.ts';
import { readLayer } from '../filesystem/layer.ts';
import { mergeLayers } from '../filesystem/tree.ts';
import type { FileSystem } from '../filesystem/types.ts';
import { layerOptions, type ReadOptions } from './read-image.ts';

/** Reads a root file system from a tar archive (plain, gzip or zstd): what `docker export` and mmdebstrap write. */
export async function readRootArchive(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): Promise<FileSystem> {
  return mergeLayers([await readLayer(chunks, layerOptions(options))]);
}

/** Reads a root file system that lies unpacked in a directory of this machine. */
export function readRootDirectory(path: string, options: ReadOptions = {}): FileSystem {
  return mergeLayers([readDirectoryLayer(path, layerOptions(options))]);
}
