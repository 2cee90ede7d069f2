export {
  type PrecertificateEntry,
  precertificateLeaf,
  precertificatePoison,
  signCertificateTimestamp,
  signTreeHead,
  timestampListExtension,
} from './ct/issue.ts';
export {
  type CertificateTimestamp,
  embeddedTimestamps,
  parseDetachedTimestamp,
  verifyCertificateTimestamp,
  verifyDetachedTimestamp,
} from './ct/sct.ts';
export { contextTag, type DerElement, DerReader, readDer, tags } from './der/reader.ts';
export * as derWriter from './der/writer.ts';
export { type Envelope, parseEnvelope, preAuthEncoding, verifyEnvelope } from './dsse/envelope.ts';
export { decodeBase64, encodeBase64 } from './encoding/base64.ts';
export { concatBytes, equalBytes, toHex, uintBytes } from './encoding/bytes.ts';
export { canonicalJson } from './encoding/canonical-json.ts';
export { digest, type HashAlgorithm } from './encoding/digest.ts';
export {
  isJsonObject,
  type JsonLimits,
  type JsonObject,
  type JsonValue,
  parseJson,
} from './encoding/json.ts';
export { JsonMembers } from './encoding/members.ts';
export { olpcJson } from './encoding/olpc-json.ts';
export { formatPem, type PemBlock, parsePem } from './encoding/pem.ts';
export { cryptoErrors } from './errors.ts';
export { formatPublicKey, type KeyAlgorithm, type PublicKey, parsePublicKey } from './keys/public-key.ts';
export { sealBox } from './keys/sealed-box.ts';
export type { Signer } from './keys/signer.ts';
export {
  formatSigningKey,
  generateSigningKey,
  isEncryptedKey,
  parseSigningKey,
  type SigningKey,
} from './keys/signing-key.ts';
export { defaultSchemes, type SignatureScheme, signatureHash, verifySignature } from './keys/verify.ts';
export { verifyDigestSignature } from './keys/verify-digest.ts';
export {
  type Cosignature,
  cosignatureKeyHint,
  findCosignature,
  signCosignature,
} from './merkle/cosignature.ts';
export { GrowingTree } from './merkle/growing-tree.ts';
export {
  type Checkpoint,
  isNoteSignedBy,
  type Note,
  type NoteKey,
  type NoteSignature,
  noteKeyHash,
  parseCheckpoint,
  parseNote,
} from './merkle/note.ts';
export { signCheckpoint } from './merkle/sign.ts';
export {
  leafHash,
  nodeHash,
  type Subtree,
  verifyConsistencyProof,
  verifyInclusionProof,
  verifySubtreeConsistencyProof,
  verifySubtreeInclusionProof,
} from './merkle/tree.ts';
export { formatVerifierKey, hintOf, parseVerifierKey, type VerifierKey } from './merkle/verifier-key.ts';
export {
  checkWitnesses,
  parseWitnessPolicy,
  type Quorum,
  type Witness,
  type WitnessPolicy,
} from './merkle/witness-policy.ts';
export { issueTimestamp, type TimestampIssuer } from './timestamp/issue.ts';
export { formatTimestampRequest, parseTimestampRequest, type TimestampRequest } from './timestamp/request.ts';
export {
  parseTimestampResponse,
  parseTimestampToken,
  type TimestampToken,
  tokenInResponse,
} from './timestamp/response.ts';
export {
  checkEmbeddedSigner,
  type TimestampResult,
  type TimestampSigner,
  verifyTimestampToken,
} from './timestamp/verify.ts';
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
export {
  type CertificateTemplate,
  certificateExtension,
  certificateExtensions,
  certificateToBeSigned,
  distinguishedName,
  issueCertificate,
  issueCertificateWith,
  newSerialNumber,
  signatureAlgorithm,
} from './x509/issue.ts';
export { type NameAttribute, parseName } from './x509/name.ts';
export { oids } from './x509/oids.ts';
export { type PathOptions, type PathResult, verifyPath } from './x509/path.ts';
export { keyOfCertificateRequest } from './x509/request.ts';
export { isSignedBy } from './x509/signature.ts';
