import { createHash } from 'node:crypto';
import type { ReadOptions } from '@pratique/oci';
import { formatStatement, parseStatement } from '../payload/statement.ts';
import type { Artifact } from '../verify/bundle.ts';
import { type Claim, refuseSignatureType } from './attest.ts';
import { formatBundle } from './bundle.ts';
import { checkBlobBundle } from './self-check.ts';
import type { ContentSigner, Signed } from './signer.ts';
import { statementContent } from './statement-bundle.ts';

/** A signature over a file, and the Sigstore bundle with it. */
export interface SignedBlob {
  readonly signed: Signed;
  readonly bundle: Uint8Array;
}

/**
 * Signs a file's bytes, as `cosign sign-blob` does. What was made is verified before it is returned.
 *
 * @throws SIGNATURE_NOT_VERIFIABLE, and whatever the signer throws
 */
export async function signBlob(
  bytes: Uint8Array,
  signer: ContentSigner,
  options: ReadOptions = {},
): Promise<SignedBlob> {
  const signed = await signer.sign({ form: 'message', bytes }, options);
  return finish(signed, { bytes });
}

/** A file that something is said about. */
export interface NamedArtifact {
  /** Name of the subject in the statement. */
  readonly name: string;
  readonly artifact: Extract<Artifact, { digest: Uint8Array }>;
}

/**
 * Signs a statement about a file, as `cosign attest-blob` does. A statement that was given must be about the file.
 *
 * @throws SIGNING_SUBJECT_INVALID, PAYLOAD_INVALID, SIGNATURE_NOT_VERIFIABLE, and whatever the signer throws
 */
export async function attestBlob(
  { name, artifact }: NamedArtifact,
  claim: Claim,
  signer: ContentSigner,
  options: ReadOptions = {},
): Promise<SignedBlob> {
  const signed = await signer.sign(statementContent(statementOf(name, artifact, claim)), options);
  return finish(signed, artifact);
}

function finish(signed: Signed, artifact: Artifact): SignedBlob {
  const bundle = formatBundle(signed);
  checkBlobBundle(bundle, artifact, signed.trust);
  return { signed, bundle };
}

function statementOf(
  name: string,
  { algorithm, digest }: NamedArtifact['artifact'],
  claim: Claim,
): Uint8Array {
  if ('statement' in claim) {
    refuseSignatureType(parseStatement(claim.statement).predicateType);
    return claim.statement;
  }
  refuseSignatureType(claim.predicateType);
  const hex = Buffer.from(digest).toString('hex');
  return formatStatement({
    type: 'https://in-toto.io/Statement/v0.1',
    name,
    digest: `${algorithm}:${hex}`,
    predicateType: claim.predicateType,
    predicate: claim.predicate,
  });
}

/** The SHA-256 of a file's bytes. */
export function blobArtifact(bytes: Uint8Array): NamedArtifact['artifact'] {
  return { algorithm: 'sha256', digest: new Uint8Array(createHash('sha256').update(bytes).digest()) };
}
