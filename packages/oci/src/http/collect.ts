/**
 * Joins chunks in memory. Copies them into one growing buffer instead of keeping them: a peer that sends one byte at
 * a time would otherwise make us keep a hundred bytes for each. How much may come is for the chunks' source to limit.
 */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let buffer = new Uint8Array(4096);
  let size = 0;
  for await (const chunk of chunks) {
    if (size + chunk.length > buffer.length) {
      const larger = new Uint8Array(Math.max(size + chunk.length, buffer.length * 2));
      larger.set(buffer.subarray(0, size));
      buffer = larger;
    }
    buffer.set(chunk, size);
    size += chunk.length;
  }
  return buffer.subarray(0, size);
}
