export { contextTag, type DerElement, DerReader, readDer, tags } from './der/reader.ts';
export { type Envelope, parseEnvelope, preAuthEncoding, verifyEnvelope } from './dsse/envelope.ts';
export { decodeBase64, encodeBase64 } from './encoding/base64.ts';
export { concatBytes, equalBytes, toHex } from './encoding/bytes.ts';
export { canonicalJson } from './encoding/canonical-json.ts';
export {
  isJsonObject,
  type JsonLimits,
  type JsonObject,
  type JsonValue,
  parseJson,
} from './encoding/json.ts';
export { formatPem, type PemBlock, parsePem } from './encoding/pem.ts';
export { cryptoErrors } from './errors.ts';
export { formatPublicKey, type KeyAlgorithm, type PublicKey, parsePublicKey } from './keys/public-key.ts';
export {
  formatSigningKey,
  generateSigningKey,
  isEncryptedKey,
  parseSigningKey,
  type SigningKey,
} from './keys/signing-key.ts';
export { defaultSchemes, type SignatureScheme, verifySignature } from './keys/verify.ts';
export { type Certificate, type CertificateExtension, parseCertificate } from './x509/certificate.ts';
export { createSelfSigned, type SelfSigned, type SelfSignedOptions } from './x509/create.ts';
export {
  basicConstraints,
  extendedKeyUsage,
  type GeneralName,
  type KeyUsage,
  keyUsage,
  subjectAltNames,
} from './x509/extensions.ts';
