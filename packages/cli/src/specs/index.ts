import type { CommandSpec } from '../program/spec.ts';
import { attest, attestBlob, verifyBlobAttestation } from './attestations.ts';
import { admissionServe, admit } from './gates.ts';
import { copy, resolveImage, tree, triangulate } from './images.ts';
import {
  policyBench,
  policyBuild,
  policyCapabilities,
  policyCheck,
  policyData,
  policyDeps,
  policyEval,
  policyFmt,
  policyInspect,
  policyParse,
  policySign,
  policyTest,
} from './policy.ts';
import { dbChangelogs, dbExport, dbImport, dbStatus, dbUpdate, scan } from './scan.ts';
import { demo, registryServe, sigstoreServe, up } from './servers.ts';
import {
  generateKeyPair,
  importKeyPair,
  publicKey,
  sign,
  signBlob,
  verify,
  verifyAttestation,
  verifyBlob,
} from './signing.ts';
import { completion, config, doctor, explain, version } from './tools.ts';
import { initialize } from './trust.ts';

/** Every command, in the order help shows them. */
export const commands: readonly CommandSpec[] = [
  demo,
  up,
  generateKeyPair,
  importKeyPair,
  publicKey,
  sign,
  attest,
  signBlob,
  attestBlob,
  verify,
  verifyAttestation,
  verifyBlob,
  initialize,
  verifyBlobAttestation,
  admit,
  admissionServe,
  policyEval,
  policyCheck,
  policyFmt,
  policyTest,
  policyBench,
  policyBuild,
  policySign,
  policyInspect,
  policyDeps,
  policyParse,
  policyData,
  policyCapabilities,
  registryServe,
  sigstoreServe,
  scan,
  dbImport,
  dbChangelogs,
  dbUpdate,
  dbExport,
  dbStatus,
  copy,
  tree,
  resolveImage,
  triangulate,
  explain,
  doctor,
  config,
  completion,
  version,
];
