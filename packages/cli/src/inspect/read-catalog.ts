import { printable } from '@pratique/errors';
import {
  type Catalog,
  catalogPackages,
  findSecrets,
  keepAny,
  packageFiles,
  type SecretFinding,
  secretFiles,
} from '@pratique/inspect';
import type { FlagValues } from '../program/spec.ts';
import type { Steps } from '../program/steps.ts';
import type { Terminal } from '../program/terminal.ts';
import type { imageFlags } from '../specs/inspect.ts';
import { type OpenRoot, openRoot } from './open-root.ts';

/** What was read of an image or root file system. */
export interface CatalogRead extends Pick<OpenRoot, 'name' | 'image'> {
  readonly catalog: Catalog;
  /** Absent where its files were not searched. */
  readonly secrets?: readonly SecretFinding[];
}

/**
 * The packages of an image or root file system, and where it is to be searched, the secrets in its files. What looks like a
 * package and could not be read is told.
 */
export async function readCatalog(
  text: string,
  flags: FlagValues<typeof imageFlags>,
  terminal: Terminal,
  steps: Pick<Steps, 'begin' | 'say'>,
  signal: AbortSignal,
  searched = false,
): Promise<CatalogRead> {
  steps.begin(`reading ${printable(text)}`);
  const { name, fileSystem, image } = await openRoot(
    text,
    searched ? keepAny(packageFiles, secretFiles) : packageFiles,
    flags,
    terminal,
    signal,
  );
  try {
    steps.begin('finding packages');
    const catalog = await catalogPackages(fileSystem);
    for (const { path, why } of catalog.skipped)
      steps.say(`warning: ${printable(path)} looks like a package and was not read: ${printable(why)}`);
    return { name, image, catalog, ...(searched ? { secrets: findSecrets(fileSystem) } : {}) };
  } finally {
    fileSystem.close();
  }
}
