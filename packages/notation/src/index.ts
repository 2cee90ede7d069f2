export { formatName } from './certificate/name.ts';
export { type CollectNotationOptions, collectNotation } from './collect/collect.ts';
export { type Envelope, parseEnvelope } from './envelope/envelope.ts';
export { notationErrors } from './errors.ts';
export { defaultNotationLimits, type NotationLimits } from './limits.ts';
export { type EnvelopeFormat, formatOf, notationMediaTypes } from './media-types.ts';
export { type EnvelopeContent, formatEnvelope } from './sign/envelope.ts';
export { formatPayload, type SignedNotation, type SignNotationOptions, signNotation } from './sign/sign.ts';
export { chainSigner, type NotationSigner } from './sign/signer.ts';
export { type Level, type LevelName, levelNames, levelOf } from './trust/level.ts';
export {
  type PolicyStatement,
  parseTrustedIdentities,
  parseTrustPolicy,
  statementFor,
} from './trust/policy.ts';
export {
  describeIdentities,
  mayBeOneSigner,
  statementJson,
  type TrustStatement,
  type TrustStores,
  type VerifyTimestamp,
} from './trust/statement.ts';
export { loadStatement, readCertificates, readTrustedCertificates, readTrustStore } from './trust/store.ts';
export type * from './types.ts';
export { parsePayload, type TargetArtifact } from './verify/payload.ts';
export { verifiedTimestamp } from './verify/time.ts';
export {
  checkIntegrity,
  type NotationVerdict,
  refusal,
  type Sound,
  verifyNotation,
} from './verify/verify.ts';
