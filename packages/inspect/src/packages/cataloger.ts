import type { FileNode, FileSystem, Keep, LayerEntry } from '../filesystem/types.ts';
import type { Distro, Package } from './package.ts';

/** A package as a cataloger finds it. */
export interface FoundPackage {
  readonly package: Package;
  /** Paths it says are its own: as its database has them, links not followed. */
  readonly files: readonly string[];
  /** Names of what it needs, any of the names in one list will do. */
  readonly needs: readonly (readonly string[])[];
  /** Names others may need it by, besides its own. */
  readonly provides: readonly string[];
}

/** What a cataloger works on. */
export interface CatalogContext {
  readonly fileSystem: FileSystem;
  readonly distro: Distro | undefined;
  /** The diff ID of a node's layer. */
  layerOf(node: FileNode): string | undefined;
  /** Says that a file could not be read, without ending the whole: a broken test fixture is no fault of the image. */
  skip(path: string, why: string): void;
}

/** Finds the packages of one ecosystem in an image. */
export interface Cataloger {
  /** What it needs kept of a file; asked once for each file of each layer. */
  keep(file: LayerEntry, head: Uint8Array): Keep | undefined;
  find(context: CatalogContext): Promise<readonly FoundPackage[]> | readonly FoundPackage[];
}

/** What was kept of a file, as text; bytes that are not UTF-8 become U+FFFD. */
export function contentText(node: FileNode): string {
  return node.content === undefined ? '' : new TextDecoder().decode(node.content.read(0, node.content.size));
}

/** A package that stands alone: no files of its own, no relations. */
export function alone(found: Package): FoundPackage {
  return { package: found, files: [], needs: [], provides: [] };
}
