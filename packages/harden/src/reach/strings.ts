import type { ByteSource } from '@pratique/oci';

const chunkBytes = 1024 * 1024;
/** Longer than the longest path that counts. */
const overlap = 512;
const maxBytes = 512 * 1024 * 1024;
const maxStrings = 20_000;

/**
 * Absolute paths, and names of shared libraries, that stand in a file as text: what a program may open or load without
 * its linking information saying so. Those that are no more than a directory of the root are left out.
 */
export function namesIn(content: ByteSource): ReadonlySet<string> {
  const names = new Set<string>();
  const size = Math.min(content.size, maxBytes);
  for (let at = 0; at < size; at += chunkBytes - overlap) {
    const bytes = content.read(at, Math.min(chunkBytes, size - at));
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    for (const [name] of text.matchAll(
      // Go has its texts one after the other, so that any character can stand before the time zones.
      /(?<![\w.$}%@-])\/(?:[\w.+@-]+\/)+[\w.+@-]+|(?<![\w/.-])lib[\w.+-]+\.so(?:\.\d+)*(?![\w.])|\/usr\/share\/zoneinfo(?![\w.+@-])/g,
    )) {
      if (name.length < overlap) names.add(name);
      if (names.size === maxStrings) return names;
    }
    if (bytes.length < chunkBytes) break;
  }
  return names;
}
