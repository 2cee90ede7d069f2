import { createDigester } from '@pratique/oci';
import type { Unpacked } from './unpacked.ts';

/** Computes the digest of `chunks` in the calling thread as they pass. */
export function digested(chunks: AsyncIterable<Uint8Array>): Unpacked {
  const digester = createDigester();
  const passed = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      digester.update(chunk);
      yield chunk;
    }
  };
  return { chunks: passed(), diffId: () => digester.digest() };
}
