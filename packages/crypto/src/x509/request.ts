import { contextTag, readDer, tags } from '../der/reader.ts';
import { cryptoErrors } from '../errors.ts';
import { type PublicKey, parsePublicKey } from '../keys/public-key.ts';
import { verifySignature } from '../keys/verify.ts';

const maxRequestBytes = 16 * 1024;

/**
 * The key of a PKCS #10 certification request (RFC 2986 §4), DER, once its signature proves that whoever made it holds
 * the private half. Names and attributes in it are not looked at: an identity comes from elsewhere.
 *
 * @throws CERTIFICATE_INVALID, DER_INVALID, KEY_INVALID, KEY_UNSUPPORTED
 */
export function keyOfCertificateRequest(der: Uint8Array): PublicKey {
  if (der.byteLength > maxRequestBytes) throw invalid('it is too large');
  const request = readDer(der);
  const signed = request.element(tags.sequence);
  request.element(tags.sequence);
  const signature = request.bitString();
  request.end();
  const info = readDer(signed.bytes);
  if (info.smallInteger() !== 0) throw invalid('it is not version 1');
  info.element(tags.sequence);
  const key = parsePublicKey(info.element(tags.sequence).bytes);
  if (info.peek() === contextTag(0, true)) info.element();
  info.end();
  if (verifySignature(key, signed.bytes, signature) === null) {
    throw invalid('it is not signed by the key in it');
  }
  return key;
}

function invalid(message: string) {
  return cryptoErrors.error('CERTIFICATE_INVALID', {
    message: `the certificate request cannot be used: ${message}`,
  });
}
