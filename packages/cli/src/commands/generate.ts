import { formatSimpleSigning } from '@pratique/sigstore';
import type { Run } from '../program/spec.ts';
import { parseAnnotations } from '../registry/annotations.ts';
import { digestOf, openClient, openImage } from '../registry/client.ts';
import { warnOfTag } from '../signing/warn-of-tag.ts';
import type { generate } from '../specs/images-in-files.ts';

export const run: Run<typeof generate.flags> = async ({ args, flags, terminal, signal }) => {
  const annotations = parseAnnotations(flags.annotations);
  const client = openClient(flags, terminal);
  try {
    const image = openImage(client, args[0]!, terminal);
    warnOfTag(image, terminal);
    const digest = await digestOf(image, signal);
    const name = `${image.reference.registry}/${image.reference.repository}`;
    terminal.out(new TextDecoder().decode(formatSimpleSigning(name, digest, annotations)));
    return 0;
  } finally {
    client.close();
  }
};
