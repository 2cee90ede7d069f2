/** Media types of the Notary Project (specification 1.1, signature-specification.md). */
export const notationMediaTypes = {
  /** `artifactType` of a signature manifest, or the media type of its config. */
  signature: 'application/vnd.cncf.notary.signature',
  jws: 'application/jose+json',
  cose: 'application/cose',
  payload: 'application/vnd.cncf.notary.payload.v1+json',
} as const;

/** Annotation of a signature manifest: SHA-256 of every certificate of the chain, a JSON array of hexadecimal. */
export const thumbprintAnnotation = 'io.cncf.notary.x509chain.thumbprint#S256';

/** Headers of the envelopes beside those that JOSE and COSE have. */
export const headers = {
  signingScheme: 'io.cncf.notary.signingScheme',
  signingTime: 'io.cncf.notary.signingTime',
  authenticSigningTime: 'io.cncf.notary.authenticSigningTime',
  expiry: 'io.cncf.notary.expiry',
  verificationPlugin: 'io.cncf.notary.verificationPlugin',
  timestampSignature: 'io.cncf.notary.timestampSignature',
  signingAgent: 'io.cncf.notary.signingAgent',
} as const;

export type EnvelopeFormat = 'jws' | 'cose';

/** The format of an envelope of this media type; null for another one. */
export function formatOf(mediaType: string): EnvelopeFormat | null {
  if (mediaType === notationMediaTypes.jws) return 'jws';
  return mediaType === notationMediaTypes.cose ? 'cose' : null;
}
