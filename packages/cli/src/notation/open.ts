import { collectNotation, type NotationEvidence, notationErrors } from '@pratique/notation';
import { type Descriptor, formatReference } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import type { NamedImage } from '../registry/client.ts';
import { pinned } from '../registry/client.ts';

/** An image with what is attached to it. */
export interface WithSignatures {
  readonly subject: Descriptor;
  /** `registry/repository@digest` */
  readonly name: string;
  readonly evidence: NotationEvidence;
}

/** Resolves an image once, warns where it was named by a tag as notation does, and collects its signatures. */
export async function openWithSignatures(
  image: NamedImage,
  operation: 'verify' | 'list' | 'inspect',
  maxSignatures: number,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<WithSignatures> {
  if (maxSignatures <= 0) {
    throw cliErrors.error('USAGE', {
      message: '--max-signatures is a positive number',
      expected: '1 or more',
      found: String(maxSignatures),
    });
  }
  warnOfTag(image, operation, terminal);
  const subject = await image.repository.resolve(image.version, { signal });
  const evidence = await collectNotation(image.repository, subject.digest, {
    signal,
    limits: { maxSignatures },
  });
  return { subject, name: pinned(image.reference, subject.digest), evidence };
}

/** In notation's words. */
export function warnOfTag({ reference, version }: NamedImage, operation: string, terminal: Terminal): void {
  if (reference.digest !== undefined) return;
  const why =
    operation === 'sign'
      ? 'tags are mutable and a tag reference can point to a different artifact than the one signed'
      : 'resolved digest may not point to the same signed artifact, as tags are mutable';
  terminal.err(
    `Warning: Always ${operation} the artifact using digest(@sha256:...) rather than a tag(:${version}) because ${why}.\n`,
  );
}

/** That an image has no signature. */
export function unsigned({ reference }: NamedImage, name: string) {
  return notationErrors.error('NOTATION_SIGNATURE_MISSING', {
    message: `${formatReference(reference)} has no signature of the Notary Project`,
    remedy: `pratique notation sign ${name}`,
  });
}
