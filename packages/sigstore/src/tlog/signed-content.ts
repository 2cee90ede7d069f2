import { digest, type Envelope, type HashAlgorithm, type PublicKey, preAuthEncoding } from '@pratique/crypto';

/** What was signed, as far as it is known, and in which form. */
export interface SignedData {
  /** `envelope`: a DSSE payload, signed in its pre-authentication encoding. `message`: the bytes themselves. */
  readonly form: 'message' | 'envelope';
  /** Hash of the message, or of the envelope's payload; null when only another hash is known. */
  digest(algorithm: HashAlgorithm): Uint8Array | null;
  /** Hash of the bytes the signature is over. */
  signedDigest(algorithm: HashAlgorithm): Uint8Array | null;
}

/** The signature a log entry must be about, and who made it. */
export interface SignedContent extends SignedData {
  readonly signature: Uint8Array;
  readonly key: PublicKey;
  /** DER of the certificate that holds the key; null when the key stands for itself. */
  readonly certificate: Uint8Array | null;
}

export function messageData(message: Uint8Array): SignedData {
  const digest = hashing(message);
  return { form: 'message', digest, signedDigest: digest };
}

/** A message of which one hash is known. */
export function digestData(algorithm: HashAlgorithm, bytes: Uint8Array): SignedData {
  const digest = (wanted: HashAlgorithm) => (wanted === algorithm ? bytes : null);
  return { form: 'message', digest, signedDigest: digest };
}

export function envelopeData(envelope: Envelope): SignedData {
  const { payloadType, payload } = envelope;
  return {
    form: 'envelope',
    digest: hashing(payload),
    signedDigest: (algorithm) => hashing(preAuthEncoding(payloadType, payload))(algorithm),
  };
}

/** Hashes each way at most once: a message may be a large file. */
function hashing(bytes: Uint8Array): (algorithm: HashAlgorithm) => Uint8Array {
  const known: Partial<Record<HashAlgorithm, Uint8Array>> = {};
  return (algorithm) => (known[algorithm] ??= digest(algorithm, bytes));
}
