import type { Descriptor, ReadOptions } from '@pratique/oci';
import { mediaTypes } from '../media-types.ts';
import { formatBundle } from './bundle.ts';
import { checkImageSignature } from './self-check.ts';
import type { ContentSigner, Signed, SigningContent } from './signer.ts';

/** An in-toto statement as what is signed. */
export function statementContent(payload: Uint8Array): Extract<SigningContent, { form: 'envelope' }> {
  return { form: 'envelope', payloadType: mediaTypes.inToto, payload };
}

/** Signs a statement about an image into a Sigstore bundle that verifies. */
export async function bundleStatement(
  payload: Uint8Array,
  subject: Descriptor,
  signer: ContentSigner,
  options: ReadOptions,
): Promise<{ readonly bundle: Uint8Array; readonly signed: Signed }> {
  const signed = await signer.sign(statementContent(payload), options);
  const bundle = formatBundle(signed);
  checkImageSignature({ kind: 'bundle', bytes: bundle }, subject, signed.trust);
  return { bundle, signed };
}
