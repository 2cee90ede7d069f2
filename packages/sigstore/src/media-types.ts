/** Media types, annotations and predicate types of Cosign 1–3 and of Sigstore bundles. */
export const mediaTypes = {
  simpleSigning: 'application/vnd.dev.cosign.simplesigning.v1+json',
  dsseEnvelope: 'application/vnd.dsse.envelope.v1+json',
  inToto: 'application/vnd.in-toto+json',
  cosignSignatureArtifact: 'application/vnd.dev.cosign.artifact.sig.v1+json',
  cosignSbomArtifact: 'application/vnd.dev.cosign.artifact.sbom.v1+json',
  bundle: 'application/vnd.dev.sigstore.bundle.v0.3+json',
} as const;

export const annotationNames = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  chain: 'dev.sigstore.cosign/chain',
  bundle: 'dev.sigstore.cosign/bundle',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const;

/** `critical.type` of a simple-signing document that Cosign signs. */
export const simpleSigningType = 'cosign container image signature';

/** `predicateType` of the statement `cosign sign` makes since version 3. Any other one is an attestation. */
export const signPredicateType = 'https://sigstore.dev/cosign/sign/v1';

/** Versions of the in-toto statement that are read; Cosign writes v1 for signatures and v0.1 for attestations. */
export const statementTypes = [
  'https://in-toto.io/Statement/v1',
  'https://in-toto.io/Statement/v0.1',
] as const;

/** True for any media type under which a Sigstore bundle has been stored, of whatever version. */
export function isBundleMediaType(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.dev.sigstore.bundle');
}
