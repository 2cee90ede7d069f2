import type { LayerEntry } from '@pratique/inspect';
import type { SkippedScript } from '../debian/install.ts';

/** Something that was added, and where it came from: a material of the image. */
export interface Addition {
  readonly kind: 'file' | 'directory' | 'tar' | 'image' | 'layer' | 'npm';
  /** As the settings name it; of a package name and version. */
  readonly name: string;
  /** Where it was: an address, a reference, or `file:` and a path relative to the settings. */
  readonly uri: string;
  /** By algorithm, hexadecimal. A directory’s is `dirHash` (in-toto’s digest set), as Go computes it for modules. */
  readonly digest: Readonly<Record<string, string>>;
  /** Where it is in the image, absolute. */
  readonly to: string;
  /** Files and links that came with it and lie there. */
  readonly files: number;
  /** Of the files. */
  readonly bytes: number;
}

/** What one setting brings, not placed yet. */
export interface Contents {
  readonly additions: readonly Omit<Addition, 'files' | 'bytes'>[];
  /**
   * By the path they are to have, parents first. Whiteouts and opaque directories are those of a layer that is added as
   * such.
   */
  readonly entries: readonly LayerEntry[];
  readonly skipped: readonly SkippedScript[];
  /** Lets go of the contents. */
  close(): void;
}
