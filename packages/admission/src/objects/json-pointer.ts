/** A JSON Pointer (RFC 6901 §3): `~` and `/` inside a key are escaped. */
export function jsonPointer(path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
