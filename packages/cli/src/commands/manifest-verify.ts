import { imagesInManifest } from '@pratique/admission';
import { printable } from '@pratique/errors';
import { readInput } from '../blob/artifact.ts';
import { cliErrors } from '../errors.ts';
import type { Run } from '../program/spec.ts';
import type { manifestVerify } from '../specs/images-in-files.ts';

export const run: Run<typeof manifestVerify.flags> = async ({ args, flags, terminal, signal }) => {
  const [name] = args as [string];
  const images = imagesInManifest({ name, text: new TextDecoder().decode(readInput(name, terminal)) });
  if (images.length === 0) throw namesNone(name);
  const { run: verify } = await import('./verify.ts');
  return await verify({ args: images, flags, terminal, signal });
};

/** Nothing was verified: that must not look like success. */
export function namesNone(file: string) {
  return cliErrors.error('USAGE', {
    message: `${printable(file, 200)} names no image to verify`,
    expected: 'an image',
    found: 'none',
  });
}
