/** How layers are compressed. */
export type Compressed = 'gzip' | 'zstd';

/** First bytes that say which. */
export const magicBytes = 4;

/** Which compression it is, the first bytes say: media types are wrong now and then, and the diff ID proves the outcome in any case. */
export function compressionOf(head: Uint8Array): Compressed | 'none' {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return 'none';
}
