import { readInput } from '../blob/artifact.ts';
import type { Run } from '../program/spec.ts';
import { imagesInDockerfile } from '../registry/dockerfile.ts';
import type { dockerfileVerify } from '../specs/images-in-files.ts';
import { namesNone } from './manifest-verify.ts';

export const run: Run<typeof dockerfileVerify.flags> = async ({ args, flags, terminal, signal }) => {
  const text = new TextDecoder().decode(readInput(args[0]!, terminal));
  const { all, base } = imagesInDockerfile(text, terminal.env);
  const images = flags['base-image-only'] ? [base].filter((image) => image !== null) : all;
  if (images.length === 0) throw namesNone(args[0]!);
  const { run: verify } = await import('./verify.ts');
  return await verify({ args: images, flags, terminal, signal });
};
