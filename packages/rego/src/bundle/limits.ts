/** What a bundle may cost to read. */
export interface BundleLimits {
  /** Bytes of the compressed archive. */
  readonly archiveBytes: number;
  /** Bytes of all files together, after decompression. */
  readonly totalBytes: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Entries of an archive or files of a directory. */
  readonly files: number;
  /** Segments of a file's path. */
  readonly depth: number;
}

export const DEFAULT_LIMITS: BundleLimits = {
  archiveBytes: 256 << 20,
  totalBytes: 512 << 20,
  fileBytes: 256 << 20,
  files: 50_000,
  depth: 64,
};
