import type { FileSystem, LayerContents, LayerEntry } from '@pratique/inspect';

/** Of what is written here and belongs to root. */
export const metadata = { mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 } as const;

export function fileEntry(path: string, text: string): LayerEntry {
  return bytesEntry(path, new TextEncoder().encode(text));
}

export function bytesEntry(path: string, bytes: Uint8Array): LayerEntry {
  const content = {
    name: path,
    size: bytes.length,
    read: (at: number, length: number) => bytes.subarray(at, at + length),
  };
  return { ...metadata, path, type: 'file', size: bytes.length, content };
}

/** Entries to put on an image, of which nothing has to be closed. */
export function layerOf(entries: readonly LayerEntry[]): LayerContents {
  return { size: 0, entries, close: () => {} };
}

/** The text at exactly this path; empty where there is no file. */
export function textAt(fileSystem: FileSystem, path: string): string {
  const content = fileSystem.get(path)?.content;
  return content === undefined ? '' : new TextDecoder().decode(content.read(0, content.size));
}
