import type { ByteSource, Digest } from '@pratique/oci';

export type NodeType = 'file' | 'directory' | 'symlink' | 'character-device' | 'block-device' | 'fifo';

/** What tar says of a file, whatever its type. */
export interface Metadata {
  /** Permission bits with setuid, setgid and sticky: 0–0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a regular file's content; 0 for everything else. */
  readonly size: number;
  /** Seconds since 1970; may have a fraction, may be negative. */
  readonly mtime: number;
  /** Where a symbolic link leads, as written. */
  readonly linkname?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Extended attributes by name: `security.capability`. Not known for directories of this machine. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** One entry of a layer, as it stands there: before whiteouts, and before links are followed. */
export interface LayerEntry extends Metadata {
  /** Relative to the root, no `.` or `..`, no slash at either end; `''` is the root itself. */
  readonly path: string;
  /** `hardlink`: another name of the file at `linkname`. `whiteout`: the path is gone. `opaque`: all that lower layers have in the directory is gone. */
  readonly type: NodeType | 'hardlink' | 'whiteout' | 'opaque';
  /** sha256 of a regular file's content, where digests were asked for. */
  readonly digest?: Digest;
  /** What was kept of a regular file's content: all of it, or what a reduction made of it. */
  readonly content?: ByteSource;
  /** The name of the reduction that made `content`; absent where it is the file's own. */
  readonly reduced?: string;
  /** What a search found in a regular file's content. */
  readonly found?: ContentFinding;
}

/** One path of the merged file system. */
export interface FileNode extends Metadata {
  /** Relative to the root, no slash at either end: `usr/bin/perl`; `''` is the root. Bytes that are not UTF-8 are lone surrogates U+DC80–U+DCFF. */
  readonly path: string;
  readonly type: NodeType;
  /** Index of the layer whose entry this is; -1 for a directory that no layer has and that something lies below. */
  readonly layer: number;
  readonly digest?: Digest;
  /** What was kept of a regular file's content: all of it, or what a reduction made of it. */
  readonly content?: ByteSource;
  /** The name of the reduction that made `content`; absent where it is the file's own. */
  readonly reduced?: string;
  /** Names of one file (hard links) have the same number, everything else one of its own. */
  readonly inode: number;
}

/** How much of a file to keep: all, or what `reduce` makes of it while it can still be read; nothing when it returns undefined. */
export type Keep =
  | 'whole'
  | { readonly name: string; readonly reduce: (content: ByteSource) => Uint8Array | undefined };

/** A place in a file where a search found what it looks for. */
export interface ContentMatch {
  /** Of the search: what it found. */
  readonly rule: string;
  /** Counted from 1; null in a file that is no text. */
  readonly line: number | null;
}

/** What a search found in a file. */
export interface ContentFinding {
  readonly matches: readonly ContentMatch[];
  /** MD5, SHA-1 and SHA-256 of the file, hexadecimal; none of a file that is large. */
  readonly digests: readonly string[];
}

/** Searches one file: given its content in pieces, which are valid only during the call. */
export interface FileSearch {
  write(chunk: Uint8Array): void;
  /** Undefined: nothing was found. */
  finish(): ContentFinding | undefined;
}

/** Looks through the content of files while it passes. */
export interface ContentSearch {
  /** Undefined: this file is not looked through. */
  start(file: LayerEntry): FileSearch | undefined;
}

/** Chooses, in the one pass over a layer, whose content is kept. Must depend on nothing but its arguments. */
export interface KeepRule {
  /** Names the rule and its version in the cache: change it whenever the choice, a reduction or the search changes. */
  readonly id: string;
  /** @param head the file's first bytes, 64 or as many as it has */
  keep(file: LayerEntry, head: Uint8Array): Keep | undefined;
  /** Whatever is kept, what is looked for in all files. */
  readonly search?: ContentSearch | undefined;
}

/** What has been read of one layer. */
export interface LayerContents {
  /** Digest of the blob as stored; absent for a directory of this machine. */
  readonly digest?: Digest;
  /** Digest of the uncompressed tar; absent for a directory of this machine. */
  readonly diffId?: Digest;
  /** Bytes of the blob as stored. */
  readonly size: number;
  /** In the order of the archive. */
  readonly entries: readonly LayerEntry[];
  /** Lets go of kept contents. */
  close(): void;
}

/** An image's merged file system. Paths may be given with or without a leading slash. Nothing here touches this machine's own files. */
export interface FileSystem {
  readonly layers: readonly LayerContents[];
  /** The node of exactly this path: symbolic links in it are not followed. */
  get(path: string): FileNode | undefined;
  /**
   * The node a program in the image finds at this path: symbolic links are followed one component at a time, `..` and
   * absolute targets stay inside the image. Undefined where there is none, and where more than 40 links are in the way.
   */
  resolve(path: string): FileNode | undefined;
  /** What is in the directory a path leads to, by name; empty where it is none. */
  list(path: string): readonly FileNode[];
  /** Everything but the root, parents before children, siblings by name. */
  nodes(): ArrayIterator<FileNode>;
  /** Lets go of kept contents. */
  close(): void;
}

/** What an image may ask of us. The defaults are far above every honest image. */
export interface Limits {
  readonly layers: number;
  /** Entries of all layers together. */
  readonly entries: number;
  /** Bytes of one layer, uncompressed. */
  readonly layerBytes: number;
  /** Uncompressed bytes for each compressed one, judged after the first 256 MiB. */
  readonly expansion: number;
  /** Bytes kept of one layer's files. */
  readonly keptBytes: number;
}

export const defaultLimits: Limits = {
  layers: 512,
  entries: 1_000_000,
  layerBytes: 64 * 1024 ** 3,
  expansion: 400,
  keptBytes: 16 * 1024 ** 3,
};
