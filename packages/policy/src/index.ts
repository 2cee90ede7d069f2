export { policyErrors } from './errors.ts';
export { loadTrust } from './trust/load.ts';
export { parseTrust, type TrustFiles } from './trust/parse.ts';
export type { Authority, Exemption, PolicyParameters, Trust, TrustEntry } from './trust/types.ts';
export type {
  AttestationFact,
  Decision,
  Denial,
  ImageFacts,
  Mode,
  RequirementFact,
  SignatureFact,
} from './types.ts';
