import { printable } from '@pratique/errors';
import { type Catalog, catalogPackages, packageFiles } from '@pratique/inspect';
import type { FlagValues } from '../program/spec.ts';
import type { Steps } from '../program/steps.ts';
import type { Terminal } from '../program/terminal.ts';
import type { imageFlags } from '../specs/inspect.ts';
import { type OpenRoot, openRoot } from './open-root.ts';

/** The packages of an image or root file system. What looks like one and could not be read is told. */
export async function readCatalog(
  text: string,
  flags: FlagValues<typeof imageFlags>,
  terminal: Terminal,
  steps: Pick<Steps, 'begin' | 'say'>,
  signal: AbortSignal,
): Promise<Pick<OpenRoot, 'name' | 'image'> & { readonly catalog: Catalog }> {
  steps.begin(`reading ${printable(text)}`);
  const { name, fileSystem, image } = await openRoot(text, packageFiles, flags, terminal, signal);
  try {
    steps.begin('finding packages');
    const catalog = await catalogPackages(fileSystem);
    for (const { path, why } of catalog.skipped)
      steps.say(`warning: ${printable(path)} looks like a package and was not read: ${printable(why)}`);
    return { name, image, catalog };
  } finally {
    fileSystem.close();
  }
}
