export {
  attachAttestation,
  attachSbom,
  attachSignature,
  type DetachedSignature,
  evidenceOfSignature,
  isBundle,
} from './attached/add.ts';
export { type Attached, type AttachedKind, listAttached } from './attached/list.ts';
export type { Bundle, LogEntry } from './bundle/bundle.ts';
export { parseLogEntry } from './bundle/parse.ts';
export { assembleBundle, type FetchEntry, upgradeBundle } from './bundle/upgrade.ts';
export { type ExtensionName, isExtensionName } from './certificate/extensions.ts';
export {
  type Collected,
  type CollectOptions,
  collectAbout,
  collectEvidence,
  resolveAndCollect,
} from './collect/collect.ts';
export { cosignTag, type TagReadOptions } from './collect/tag-scheme.ts';
export { type SigstoreErrorCode, sigstoreErrors } from './errors.ts';
export { cosignExitCode } from './exit-code.ts';
export { formatAttestations } from './format/format-attestation.ts';
export { downloadedAttestations, downloadedSignatures } from './format/format-download.ts';
export { type Inspected, inspectBundle } from './format/format-inspection.ts';
export { formatVerification, type VerificationJson } from './format/format-verification.ts';
export { defaultEvidenceLimits, type EvidenceLimits } from './limits.ts';
export { annotationNames, mediaTypes as sigstoreMediaTypes, signPredicateType } from './media-types.ts';
export { newPredicate } from './payload/new-predicate.ts';
export { parsePredicateType, predicateTypeNames } from './payload/predicate-types.ts';
export { formatSimpleSigning } from './payload/simple-signing.ts';
export { formatStatement } from './payload/statement.ts';
export { formatLogAnnotation } from './sign/annotations.ts';
export { attachBundle } from './sign/attach.ts';
export { type Attested, type AttestOptions, attestImage, type Claim } from './sign/attest.ts';
export { attestBlob, blobArtifact, type NamedArtifact, type SignedBlob, signBlob } from './sign/blob.ts';
export { formatBundle, formatEnvelope } from './sign/bundle.ts';
export { creationTime } from './sign/created.ts';
export {
  type SignedImage,
  type SignOptions,
  signImage,
  tagReferenceWarning,
} from './sign/sign.ts';
export {
  type ContentSigner,
  keySigner,
  namingHash,
  type Signed,
  type SigningContent,
  type SignRequest,
  signedBytes,
} from './sign/signer.ts';
export { parseLogAnnotation } from './tlog/annotation.ts';
export {
  formatTrustedRoot,
  type NewAuthority,
  type NewLog,
  type TrustedRootParts,
} from './trust/format-trusted-root.ts';
export { exactly, pattern, type TextMatcher, type TrustedIdentity } from './trust/identity.ts';
export { prepareTrust } from './trust/prepare.ts';
export type {
  CertificateAuthority,
  Thresholds,
  TimestampAuthority,
  TransparencyLog,
  Trust,
  TrustedKey,
  Window,
} from './trust/trust.ts';
export {
  certificateAuthority,
  parseTrustedRoot,
  type TrustedRoot,
  timestampAuthority,
} from './trust/trusted-root.ts';
export type * from './types.ts';
export {
  type Artifact,
  type BundleResult,
  type VerifiedBundle,
  type VerifyBundleOptions,
  verifyBundle,
} from './verify/bundle.ts';
export { checkCertificateLogs } from './verify/certificate-log.ts';
export { checkCertificatePath } from './verify/certificate-path.ts';
export { describeIdentity, isIdentity, readSigner } from './verify/identity.ts';
export { distinctSigners, verifyEvidence, verifyEvidenceInTurns } from './verify/verify.ts';
