/**
 * Blob files. `DIR/blobs/<algorithm>/<hex>` holds each content once; a repository holds a blob by having a hard link
 * to it in its own `blobs/`. So membership is one `stat`, a mount is one `link`, deleting is one `unlink`, and content
 * whose link count has fallen to one belongs to nobody.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex } from '@pratique/oci';

export const algorithms = ['sha256', 'sha512'] as const;

/** `blobs/sha256/<hex>` below `directory`. Only ever called with a parsed digest: no other text becomes a path. */
export function blobPath(directory: string, digest: Digest): string {
  return join(directory, 'blobs', digestAlgorithm(digest), digestHex(digest));
}

export function statBlob(directory: string, digest: Digest): Stats | undefined {
  return statSync(blobPath(directory, digest), { throwIfNoEntry: false });
}

export class SharedBlobs {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Gives the repository directory the content of `temporary`, which is moved away where it is the first of its kind. */
  adopt(temporary: string, repositoryDirectory: string, digest: Digest): void {
    const own = blobPath(repositoryDirectory, digest);
    const shared = blobPath(this.#directory, digest);
    if (existsSync(own)) return;
    if (!existsSync(shared)) renameSync(temporary, shared);
    link(shared, own);
  }

  /** Links a blob of one repository into another. False when the source does not have it. */
  mount(fromDirectory: string, toDirectory: string, digest: Digest): boolean {
    const source = blobPath(fromDirectory, digest);
    if (!existsSync(source)) return false;
    link(source, blobPath(toDirectory, digest));
    return true;
  }

  /**
   * Removes content no repository links any more. `adopt` is synchronous, so no content stands here between its
   * arrival and its first link while this runs.
   */
  sweep(): { readonly blobs: number; readonly bytes: number } {
    let blobs = 0;
    let bytes = 0;
    for (const algorithm of algorithms) {
      const directory = join(this.#directory, 'blobs', algorithm);
      for (const hex of readdirSync(directory)) {
        const path = join(directory, hex);
        const stats = statSync(path, { throwIfNoEntry: false });
        if (stats === undefined || stats.nlink > 1) continue;
        unlinkSync(path);
        blobs += 1;
        bytes += stats.size;
      }
    }
    return { blobs, bytes };
  }
}

function link(existing: string, target: string): void {
  try {
    linkSync(existing, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    // ext4 allows 65,000 links to a file; the two-byte config `{}` of every signature can reach that.
    if (code !== 'EMLINK') throw error;
    copyFileSync(existing, target);
  }
}
