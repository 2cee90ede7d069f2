import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import {
  bitString,
  explicit,
  implicit,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  trueBoolean,
  unsignedInteger,
  utf8String,
} from '../der/writer.ts';
import { toHex } from '../encoding/bytes.ts';
import { formatPem } from '../encoding/pem.ts';
import { cryptoErrors } from '../errors.ts';
import { parseIp } from './ip.ts';
import { oids } from './oids.ts';

export interface SelfSignedOptions {
  /** DNS names (`localhost`, `*.example.com`, `pratique.pratique.svc`) and IP addresses the server answers on. */
  readonly names: readonly string[];
  /** Days until it expires. Default 365. */
  readonly days?: number;
  /** First moment of validity is five minutes before this, for clocks that are behind. Default: now. */
  readonly now?: Date;
}

export interface SelfSigned {
  /** The server's certificate. */
  readonly certificatePem: string;
  /** The server's private key, PKCS #8. Secret. */
  readonly privateKeyPem: string;
  /** The authority that issued it, for the `caBundle` of a webhook configuration. Its key is thrown away. */
  readonly caPem: string;
}

/**
 * Makes a throw-away certificate authority and one serving certificate from it (RFC 5280), both ECDSA P-256. The
 * authority may only sign certificates, the server's may only serve TLS for `names`.
 *
 * @throws CERTIFICATE_INVALID when a name is neither a DNS name nor an IP address
 */
export function createSelfSigned(options: SelfSignedOptions): SelfSigned {
  const { names, days = 365, now = new Date() } = options;
  if (names.length === 0) {
    throw cryptoErrors.error('CERTIFICATE_INVALID', {
      message: 'a serving certificate needs at least one name',
    });
  }
  const validity = sequence(
    time(new Date(now.getTime() - 300_000)),
    time(new Date(now.getTime() + days * 86_400_000)),
  );
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // The name carries the key's hash, so that authorities made on different days are never taken for each other.
  const authorityId = keyIdentifier(authority.publicKey);
  const authorityName = name(`Pratique CA ${toHex(authorityId.subarray(0, 4))}`);

  const caPem = issue({
    subject: authorityName,
    issuer: authorityName,
    validity,
    subjectKey: authority.publicKey,
    issuerKey: authority.privateKey,
    extensions: [
      extension(oids.basicConstraints, true, sequence(trueBoolean(), unsignedInteger(Uint8Array.of(0)))),
      // keyCertSign (5) and cRLSign (6)
      extension(oids.keyUsage, true, bitString(Uint8Array.of(0b0000_0110), 1)),
      extension(oids.subjectKeyIdentifier, false, octetString(authorityId)),
    ],
  });
  const certificatePem = issue({
    subject: name(names[0]!.slice(0, 64)),
    issuer: authorityName,
    validity,
    subjectKey: server.publicKey,
    issuerKey: authority.privateKey,
    extensions: [
      extension(oids.basicConstraints, true, sequence()),
      // digitalSignature (0)
      extension(oids.keyUsage, true, bitString(Uint8Array.of(0b1000_0000), 7)),
      extension(oids.extendedKeyUsage, false, sequence(objectIdentifier(oids.serverAuth))),
      extension(oids.subjectKeyIdentifier, false, octetString(keyIdentifier(server.publicKey))),
      extension(oids.authorityKeyIdentifier, false, sequence(implicit(0, authorityId))),
      extension(oids.subjectAltName, false, sequence(...names.map(generalName))),
    ],
  });
  const privateKeyPem = server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certificatePem, privateKeyPem, caPem };
}

interface Issue {
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  readonly validity: Uint8Array;
  readonly subjectKey: KeyObject;
  readonly issuerKey: KeyObject;
  readonly extensions: readonly Uint8Array[];
}

function issue(certificate: Issue): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const algorithm = sequence(objectIdentifier(oids.ecdsaWithSha256));
  const toBeSigned = sequence(
    explicit(0, unsignedInteger(Uint8Array.of(2))),
    unsignedInteger(serial),
    algorithm,
    certificate.issuer,
    certificate.validity,
    certificate.subject,
    certificate.subjectKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...certificate.extensions)),
  );
  const signature = sign('sha256', toBeSigned, certificate.issuerKey);
  return formatPem('CERTIFICATE', sequence(toBeSigned, algorithm, bitString(signature)));
}

function name(commonName: string): Uint8Array {
  return sequence(set(sequence(objectIdentifier(oids.commonName), utf8String(commonName))));
}

function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(oid), ...(critical ? [trueBoolean()] : []), octetString(value));
}

/** SHA-1 of the public key's bits, method 1 of RFC 5280 §4.2.1.2: an identifier, not a security check. */
function keyIdentifier(key: KeyObject): Uint8Array {
  const point = key.export({ type: 'spki', format: 'der' }).subarray(-65);
  return new Uint8Array(createHash('sha1').update(point).digest());
}

const dnsName = /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

function generalName(text: string): Uint8Array {
  if (isIP(text) !== 0) return implicit(7, parseIp(text));
  if (text.length > 253 || !dnsName.test(text)) {
    throw cryptoErrors.error('CERTIFICATE_INVALID', {
      message: 'a certificate was asked for a name that is neither a DNS name nor an IP address',
      found: JSON.stringify(text.slice(0, 80)),
    });
  }
  return implicit(2, new TextEncoder().encode(text));
}
