import type { FileSystem, LayerEntry } from '@pratique/inspect';
import { fileEntry, textAt } from './entries.ts';

/** What `update-ca-certificates` makes: all certificates in one file. Null where there are none to bundle. */
export function certificateBundle(fileSystem: FileSystem): LayerEntry | null {
  const texts: string[] = [];
  const add = (directory: string): void => {
    for (const node of fileSystem.list(directory)) {
      if (node.type === 'directory') add(node.path);
      else if (node.path.endsWith('.crt')) texts.push(`${textAt(fileSystem, node.path).trimEnd()}\n`);
    }
  };
  add('usr/share/ca-certificates');
  add('usr/local/share/ca-certificates');
  return texts.length === 0 ? null : fileEntry('etc/ssl/certs/ca-certificates.crt', texts.join(''));
}
