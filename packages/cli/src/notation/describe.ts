import { type Certificate, digest, parseCertificate, parseTimestampToken, toHex } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import {
  type Envelope,
  formatName,
  type NotationItem,
  notationMediaTypes,
  parseEnvelope,
  parsePayload,
} from '@pratique/notation';

/** A signature as `notation inspect --output json` prints it. Nothing of it is verified. */
export type SignatureJson = ReturnType<typeof describeSignature>;

/** notation's names of algorithms. */
const algorithms: Readonly<Record<Envelope['algorithm'], string>> = {
  PS256: 'RSASSA-PSS-SHA-256',
  PS384: 'RSASSA-PSS-SHA-384',
  PS512: 'RSASSA-PSS-SHA-512',
  ES256: 'ECDSA-SHA-256',
  ES384: 'ECDSA-SHA-384',
  ES512: 'ECDSA-SHA-512',
};

/** What a signature says. @throws NOTATION_… for an envelope that cannot be read */
export function describeSignature({ source, envelope: format, bytes }: NotationItem) {
  const envelope = parseEnvelope(format, bytes);
  const { mediaType, digest: name, size, annotations } = parsePayload(envelope);
  const { scheme, signingTime, expiry, signingAgent, timestamp } = envelope;
  return {
    mediaType: notationMediaTypes[format],
    digest: source.manifest,
    signatureAlgorithm: algorithms[envelope.algorithm],
    signedAttributes: {
      signingScheme: scheme,
      signingTime: time(signingTime),
      ...(expiry === null ? {} : { expiry: time(expiry) }),
    },
    userDefinedAttributes: annotations,
    unsignedAttributes: {
      ...(timestamp === null ? {} : { timestampSignature: describeTimestamp(timestamp) }),
      ...(signingAgent === null ? {} : { signingAgent }),
    },
    certificates: envelope.certificates.map((der) => describeCertificate(parseCertificate(der))),
    signedArtifact: { mediaType, digest: name, size },
  };
}

function describeTimestamp(bytes: Uint8Array) {
  try {
    const token = parseTimestampToken(bytes);
    return {
      timestamp: time(token.time),
      certificates: token.certificates.map((der) => describeCertificate(parseCertificate(der))),
    };
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    return { error: `failed to parse timestamp countersignature: ${error.message}` };
  }
}

function describeCertificate({ der, subject, issuer, validUntil }: Certificate) {
  return {
    SHA256Fingerprint: toHex(digest('sha256', der)),
    issuedTo: formatName(subject),
    issuedBy: formatName(issuer),
    expiry: time(validUntil),
  };
}

function time(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
