const timeoutMs = 5000;

/**
 * Gets a document from another server: 200 only, no redirect followed, bounded in size and time.
 *
 * @throws Error with the status, or of `fetch`
 */
export async function fetchBytes(url: string, maxBytes: number, outer?: AbortSignal): Promise<Uint8Array> {
  const late = AbortSignal.timeout(timeoutMs);
  const signal = outer === undefined ? late : AbortSignal.any([outer, late]);
  const response = await fetch(url, { redirect: 'error', signal });
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
