import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatReference } from '@pratique/oci';
import { type SignedImage, signImage, tagReferenceWarning } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { parseAnnotations } from '../registry/annotations.ts';
import { type NamedImage, openClient, openImage, pinned } from '../registry/client.ts';
import { openSigner } from '../signing/open-signer.ts';
import { chosenFormat, rekorVersions } from '../signing/signature-format.ts';
import type { sign } from '../specs/signing.ts';

export const run: Run<typeof sign.flags> = async ({ args, flags, terminal, signal }) => {
  const annotations = parseAnnotations(flags.annotations);
  const format = chosenFormat(flags);
  checkOutput(args, flags, format);
  const signer = await openSigner(flags, terminal, 'sign', rekorVersions(format));
  const client = openClient(flags, terminal);
  try {
    for (const name of args) {
      const image = openImage(client, name, terminal);
      warnOfTag(image, terminal);
      const subject = await image.repository.resolve(image.version, { signal });
      const signed = await signImage(image.repository, subject, signer, {
        annotations,
        format,
        recursive: flags.recursive,
        dockerReference: `${image.reference.registry}/${image.reference.repository}`,
        signatureRepository: image.signatures,
        store: flags.upload,
        signal,
      });
      for (const one of signed) report(one, image, flags, terminal);
    }
    return 0;
  } finally {
    signer.close();
    client.close();
  }
};

/** Between looking at an image and signing it, a tag can move. */
export function warnOfTag({ reference, version }: NamedImage, terminal: Terminal): void {
  if (reference.digest !== undefined) return;
  terminal.err(`WARNING: ${tagReferenceWarning(formatReference({ ...reference, tag: version }))}`);
}

/** A bundle is one signature's: it goes to one file, or to standard output. */
function checkOutput(
  args: readonly string[],
  flags: FlagValues<typeof sign.flags>,
  format: 'bundle' | 'legacy',
): void {
  if (flags.bundle === undefined && flags.upload) return;
  if (format === 'bundle' && args.length === 1 && !flags.recursive) return;
  throw cliErrors.error('USAGE', {
    message: '--bundle and --upload=false are for one signature in the bundle format',
    expected: 'one image, without --recursive and --legacy',
    found: format === 'legacy' ? '--legacy' : args.length > 1 ? `${args.length} images` : '--recursive',
  });
}

function report(
  { subject, format, manifest, existed, bundle }: SignedImage,
  { reference }: NamedImage,
  flags: FlagValues<typeof sign.flags>,
  terminal: Terminal,
): void {
  const name = pinned(reference, subject);
  if (bundle !== null && flags.bundle !== undefined)
    writeFileSync(resolve(terminal.cwd, flags.bundle), bundle);
  if (manifest === null) {
    if (bundle !== null && flags.bundle === undefined) terminal.out(`${new TextDecoder().decode(bundle)}\n`);
    return;
  }
  const where = format === 'legacy' ? 'tag-based signature' : 'bundle';
  terminal.err(
    existed
      ? `Nothing stored, as this key had signed it already: ${name}\n`
      : `Stored as ${where} ${manifest}\n`,
  );
  terminal.out(`${name}\n`);
}
