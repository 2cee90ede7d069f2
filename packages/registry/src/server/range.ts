/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const digits = /^\d{1,15}$/;

/**
 * Reads a `Range` header for content of `size` bytes (RFC 9110 §14.2). Undefined means "send everything": no header,
 * another unit, or several ranges. `unsatisfiable` is answered 416.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  if (header === undefined || !header.startsWith('bytes=') || header.includes(',')) return undefined;
  const [from, to, extra] = header.slice('bytes='.length).trim().split('-');
  if (from === undefined || to === undefined || extra !== undefined) return 'unsatisfiable';
  if (from === '') {
    if (!digits.test(to) || Number(to) === 0 || size === 0) return 'unsatisfiable';
    return { first: Math.max(0, size - Number(to)), last: size - 1 };
  }
  if (!digits.test(from) || (to !== '' && !digits.test(to))) return 'unsatisfiable';
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first < size && first <= last ? { first, last } : 'unsatisfiable';
}

/** Reads the `Content-Range` of a chunk: `0-1023` as the specification writes it, or `bytes 0-1023/*`. */
export function parseContentRange(header: string): ByteRange | undefined {
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?$/.exec(header.trim());
  if (match === null) return undefined;
  const range = { first: Number(match[1]), last: Number(match[2]) };
  return range.last >= range.first ? range : undefined;
}
