import { collectNotation, type NotationEvidence, notationErrors } from '@pratique/notation';
import { type Descriptor, isDigest } from '@pratique/oci';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import type { NotationPlace } from './place.ts';

/** An image with what is attached to it. */
export interface WithSignatures {
  readonly subject: Descriptor;
  /** `registry/repository@digest`, or `path@digest`. */
  readonly name: string;
  readonly evidence: NotationEvidence;
}

/** Resolves an image once, warns where it was named by a tag as notation does, and collects its signatures. */
export async function openWithSignatures(
  image: NotationPlace,
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
  return { subject, name: image.pinned(subject.digest), evidence };
}

/** In notation's words. */
export function warnOfTag({ version }: NotationPlace, operation: string, terminal: Terminal): void {
  if (isDigest(version)) return;
  const why =
    operation === 'sign'
      ? 'tags are mutable and a tag reference can point to a different artifact than the one signed'
      : 'resolved digest may not point to the same signed artifact, as tags are mutable';
  terminal.err(
    `Warning: Always ${operation} the artifact using digest(@sha256:...) rather than a tag(:${version}) because ${why}.\n`,
  );
}

/** That an image has no signature. */
export function unsigned(name: string) {
  return notationErrors.error('NOTATION_SIGNATURE_MISSING', {
    message: `${name} has no signature of the Notary Project`,
    remedy: `pratique notation sign ${name}`,
  });
}
