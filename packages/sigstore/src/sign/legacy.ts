import { decodeBase64, type PublicKey, verifySignature } from '@pratique/crypto';
import { type Descriptor, describeBytes, type ReadOptions, type Repository } from '@pratique/oci';
import { annotationNames, mediaTypes } from '../media-types.ts';
import { formatAnnotations } from './annotations.ts';
import { formatEnvelope } from './bundle.ts';
import { checkImageSignature } from './self-check.ts';
import type { ContentSigner, Signed, SigningContent } from './signer.ts';
import { type AppendedLayer, appendLayer, attachLayer } from './tag.ts';

interface LegacyOptions extends ReadOptions {
  /** Written into the image that holds the signatures. */
  readonly created?: Date | undefined;
  /** Of that image, where it is the first. */
  readonly dockerMediaTypes?: boolean | undefined;
}

/**
 * Signs a simple-signing document and adds it to the signature tag, as Cosign 1 and 2 do. A bare key that has signed
 * the same document already adds nothing. Without `store` it is made and verified, and stored nowhere; as a `referrer`
 * it stands in a manifest of its own, and not in the tag.
 */
export async function addSignatureLayer(
  repository: Repository,
  tag: string,
  payload: Uint8Array,
  subject: Descriptor,
  signer: ContentSigner,
  options: LegacyOptions & { readonly store: boolean; readonly referrer: boolean },
): Promise<{ readonly signed: Signed; readonly appended: AppendedLayer | null }> {
  const signed = await signer.sign({ form: 'message', bytes: payload }, options);
  const annotations = formatAnnotations(signed);
  checkImageSignature({ kind: 'simple-signing', payload, annotations }, subject, signed.trust);
  if (!options.store) return { signed, appended: null };
  const descriptor = { ...describeBytes(payload, mediaTypes.simpleSigning), annotations };
  const bare = signed.certificate === null && signed.logEntries.length + signed.timestamps.length === 0;
  const isSame = (other: Descriptor) =>
    other.digest === descriptor.digest &&
    (bare
      ? isSignedBy(signed.key, other, payload)
      : other.annotations?.[annotationNames.signature] === annotations[annotationNames.signature]);
  const { created, dockerMediaTypes } = options;
  const layer = { descriptor, bytes: payload, isSame, created, dockerMediaTypes };
  const appended = options.referrer
    ? {
        manifest: await attachLayer(repository, subject, mediaTypes.cosignSignatureArtifact, layer, options),
        existed: false,
      }
    : await appendLayer(repository, tag, layer, options);
  return { signed, appended };
}

/** ECDSA signs differently each time, so signatures of one key cannot be compared by their bytes. */
function isSignedBy(key: PublicKey, { annotations = {} }: Descriptor, payload: Uint8Array): boolean {
  try {
    const signature = decodeBase64(annotations[annotationNames.signature] ?? '', 'the signature');
    return verifySignature(key, payload, signature) !== null;
  } catch {
    return false;
  }
}

/** What is signed, and the type of predicate in it. */
export interface NewStatementLayer {
  readonly content: Extract<SigningContent, { form: 'envelope' }>;
  readonly predicateType: string;
}

const predicateTypeAnnotation = 'predicateType';

/** Signs a statement and adds its envelope to the attestation tag, as Cosign 1 and 2 do. */
export async function addAttestationLayer(
  repository: Repository,
  tag: string,
  { content, predicateType }: NewStatementLayer,
  subject: Descriptor,
  signer: ContentSigner,
  options: LegacyOptions & { readonly replace: boolean },
): Promise<AppendedLayer> {
  const envelope = (signature: Uint8Array) =>
    new TextEncoder().encode(JSON.stringify(formatEnvelope(content, signature)));
  // Cosign has the whole envelope stamped here, not the signature.
  const signed = await signer.sign(content, { ...options, stamped: envelope });
  const bytes = envelope(signed.signature);
  const annotations = { ...formatAnnotations(signed), [predicateTypeAnnotation]: predicateType };
  checkImageSignature({ kind: 'dsse', payload: bytes, annotations }, subject, signed.trust);
  const descriptor = { ...describeBytes(bytes, mediaTypes.dsseEnvelope), annotations };
  const isSame = ({ digest }: Descriptor) => digest === descriptor.digest;
  const replaces = (other: Descriptor) =>
    options.replace && other.annotations?.[predicateTypeAnnotation] === predicateType;
  const { created, dockerMediaTypes } = options;
  const layer = { descriptor, bytes, isSame, replaces, created, dockerMediaTypes };
  return appendLayer(repository, tag, layer, options);
}
