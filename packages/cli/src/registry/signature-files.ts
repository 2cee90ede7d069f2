import { encodeBase64, formatPem } from '@pratique/crypto';
import type { Descriptor } from '@pratique/oci';
import { type Evidence, evidenceOfSignature, type GivenParts } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { readReference, readSignature } from '../program/read-reference.ts';
import type { Terminal } from '../program/terminal.ts';

interface Flags {
  readonly signature: string | undefined;
  readonly payload: string | undefined;
}

/** A signature that stands in files, and not beside the image. */
export interface SignatureFiles {
  /** What a verifier looks at in place of what is attached to the image. */
  evidence(name: string, subject: Descriptor): Evidence;
}

/**
 * The signature that `--signature` and `--payload` name, by the certificate of `--certificate` where one is given. Null
 * where there is no `--signature`.
 *
 * @throws USAGE, FILE_UNREADABLE
 */
export async function readSignatureFiles(
  { signature: text, payload: file }: Flags,
  { certificate }: GivenParts,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<SignatureFiles | null> {
  if (text === undefined) {
    if (file === undefined) return null;
    throw cliErrors.error('USAGE', {
      message: 'a payload is what a signature is over',
      expected: '--payload with --signature',
      found: 'no --signature',
    });
  }
  const signature = encodeBase64(await readSignature(text, terminal, signal));
  const payload = file === undefined ? undefined : await readReference(file, terminal, 'document', signal);
  const pem = certificate === undefined ? undefined : formatPem('CERTIFICATE', certificate.der);
  return {
    evidence: (name, subject) => evidenceOfSignature(name, subject, { signature, payload, certificate: pem }),
  };
}
