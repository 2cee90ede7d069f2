import { digest, type Envelope, type HashAlgorithm, type PublicKey, preAuthEncoding } from '@pratique/crypto';

/** What was signed, as far as it is known, and in which form. */
export interface SignedData {
  /** `envelope`: a DSSE payload, signed in its pre-authentication encoding. `message`: the bytes themselves. */
  readonly form: 'message' | 'envelope';
  /** Hash of the message, or of the envelope's payload; null when only another hash is known. */
  digest(algorithm: HashAlgorithm): Uint8Array | null;
  /** Hash of the bytes the signature is over. */
  signedDigest(algorithm: HashAlgorithm): Uint8Array | null;
  /** Hash of the envelope itself, signatures included; null where its bytes are not known, and of messages. */
  envelopeDigest(algorithm: HashAlgorithm): Uint8Array | null;
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
  return { form: 'message', digest, signedDigest: digest, envelopeDigest: unknown };
}

/** A message of which one hash is known. */
export function digestData(algorithm: HashAlgorithm, bytes: Uint8Array): SignedData {
  const digest = (wanted: HashAlgorithm) => (wanted === algorithm ? bytes : null);
  return { form: 'message', digest, signedDigest: digest, envelopeDigest: unknown };
}

/** @param bytes the envelope as it was written, where that is known: a bundle has what is in it only */
export function envelopeData(envelope: Envelope, bytes?: Uint8Array): SignedData {
  const { payloadType, payload } = envelope;
  return {
    form: 'envelope',
    digest: hashing(payload),
    signedDigest: (algorithm) => hashing(preAuthEncoding(payloadType, payload))(algorithm),
    envelopeDigest: bytes === undefined ? unknown : hashing(bytes),
  };
}

function unknown(): null {
  return null;
}

/** Hashes each way at most once: a message may be a large file. */
function hashing(bytes: Uint8Array): (algorithm: HashAlgorithm) => Uint8Array {
  const known: Partial<Record<HashAlgorithm, Uint8Array>> = {};
  return (algorithm) => (known[algorithm] ??= digest(algorithm, bytes));
}
