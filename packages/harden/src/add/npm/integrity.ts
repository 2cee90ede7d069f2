/** The sha512 of a subresource integrity (https://www.w3.org/TR/SRI/), hexadecimal; null where it has none. */
export function sha512Of(integrity: string): string | null {
  for (const part of integrity.split(/\s+/)) {
    const match = /^sha512-([A-Za-z0-9+/]{86}==)(?:\?.*)?$/.exec(part);
    if (match !== null) return Buffer.from(match[1]!, 'base64').toString('hex');
  }
  return null;
}
