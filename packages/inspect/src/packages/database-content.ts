import { printable } from '@pratique/errors';
import type { ByteSource } from '@pratique/oci';
import { inspectErrors } from '../errors.ts';
import type { LayerEntry } from '../filesystem/types.ts';

/** What is looked at of one, in a layer or where layers are merged. */
export type DatabaseFile = Pick<LayerEntry, 'path' | 'type' | 'size' | 'content'>;

const maxBytes = 512 * 1024 * 1024;

/** The fault for a package database of which nothing, or not all, can be told. */
export function unreadableDatabase({ path }: { readonly path: string }, why: string, cause?: unknown) {
  return inspectErrors.error('INSPECT_PACKAGE_DATABASE_UNREADABLE', {
    message: `${printable(path)}: ${why}`,
    cause,
  });
}

/**
 * A file of a package database. One that links lead to may lie where nothing is kept: it is there and cannot be
 * read, which is not the same as empty.
 *
 * @throws INSPECT_PACKAGE_DATABASE_UNREADABLE
 */
export function databaseSource(node: DatabaseFile): ByteSource {
  const { content, size, type } = node;
  if (type !== 'file') throw unreadableDatabase(node, `it is a ${type} and no file`);
  if (size > maxBytes) throw unreadableDatabase(node, `it is larger than ${maxBytes} bytes`);
  if (content === undefined && size > 0)
    throw unreadableDatabase(
      node,
      'links lead to it, and it lies where no package manager keeps its database',
    );
  return content ?? { name: node.path, size: 0, read: () => new Uint8Array() };
}

/** The same, whole. */
export function databaseContent(node: DatabaseFile): Uint8Array {
  const source = databaseSource(node);
  return source.read(0, source.size);
}

/** The same as text; bytes that are not UTF-8 become U+FFFD. */
export function databaseText(node: DatabaseFile): string {
  return new TextDecoder().decode(databaseContent(node));
}
