export { createEngine, type EngineChoice } from './engine/choose.ts';
export { policyData } from './engine/data.ts';
export { hostFunctions } from './engine/host-functions.ts';
export { createOpaEngine, type OpaEngineOptions } from './engine/opa/engine.ts';
export { createRegoEngine, type RegoEngineOptions } from './engine/rego.ts';
export { defaultPolicies, loadPolicies, type PolicySource } from './engine/sources.ts';
export type { Finding, Findings, PolicyEngine, Scope } from './engine/types.ts';
export { createWasmEngine, type WasmEngineOptions } from './engine/wasm/engine.ts';
export { policyErrors } from './errors.ts';
export { type Statement, unsignedFacts } from './facts/unsigned.ts';
export { type CacheStats, DecisionCache, type DecisionCacheOptions } from './gate/cache.ts';
export { contentTrustStation, type NotaryAccess } from './gate/content-trust.ts';
export { cosignStation } from './gate/cosign.ts';
export {
  type CheckOptions,
  type ContainerImage,
  createGate,
  type Gate,
  type GateOptions,
  type GateRequest,
} from './gate/gate.ts';
export { notationStation } from './gate/notation.ts';
export type { CollectContext, Found, OpenRepository, Station } from './gate/stations.ts';
export type { DecisionLogConfig, FileLogConfig, HttpLogConfig } from './log/config.ts';
export type { DecisionContext, DecisionEvent } from './log/event.ts';
export {
  type DecisionLog,
  type DecisionLogOptions,
  type DecisionLogStats,
  type LostReason,
  openDecisionLog,
} from './log/log.ts';
export type { FetchPolicy } from './trust/cluster-image-policy/remote-policies.ts';
export type { OpenRemote } from './trust/cluster-image-policy/tuf-roots.ts';
export { type LoadOptions, loadTrust } from './trust/load.ts';
export type { TrustFiles } from './trust/material.ts';
export type { AdmittedObject } from './trust/objects.ts';
export type { PolicyParameters } from './trust/parameters.ts';
export { parseTrust } from './trust/parse.ts';
export type { Authority, Exemption, SignatureSource, Trust, TrustEntry } from './trust/types.ts';
export type {
  AttestationFact,
  Decision,
  Denial,
  ImageFacts,
  Mode,
  RequiredPolicy,
  RequirementFact,
  SignatureFact,
} from './types.ts';
