import { formatReference } from '@pratique/oci';
import { tagReferenceWarning } from '@pratique/sigstore';
import type { Terminal } from '../program/terminal.ts';
import type { NamedImage } from '../registry/client.ts';

/** Before something is signed: between looking at an image and signing it, a tag can move. */
export function warnOfTag({ reference, version }: NamedImage, terminal: Terminal): void {
  if (reference.digest !== undefined) return;
  terminal.err(`WARNING: ${tagReferenceWarning(formatReference({ ...reference, tag: version }))}`);
}
