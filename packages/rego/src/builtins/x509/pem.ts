/** PEM (RFC 7468) as Go's `encoding/pem` reads it. */

export interface PemBlock {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const block = /^-----BEGIN ([^\r\n]*?)-----[ \t]*\r?\n([\s\S]*?)^-----END \1-----[ \t]*(?:\r?\n|$)/m;

/** The first block of `text` and what follows it; what stands before it is passed over. */
export function nextPem(text: string): { readonly block: PemBlock; readonly rest: string } | undefined {
  const match = block.exec(text);
  if (match === null) return undefined;
  // Headers end at an empty line.
  const body = /^[^\r\n]*: /.test(match[2]!) ? match[2]!.replace(/^[\s\S]*?\r?\n\r?\n/, '') : match[2]!;
  const base64 = body.replace(/[\r\n\t ]/g, '');
  const rest = text.slice(match.index + match[0].length);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return nextPem(rest);
  return { block: { type: match[1]!, bytes: Buffer.from(base64, 'base64') }, rest };
}
