import type { CommandSpec } from '../program/spec.ts';
import {
  attachAttestation,
  attachSbom,
  attachSignature,
  clean,
  downloadAttestation,
  downloadSbom,
  downloadSignature,
  load,
  save,
} from './attached.ts';
import { attest, attestBlob, verifyBlobAttestation } from './attestations.ts';

import { bundleCreate, bundleInspect, bundleUpgrade } from './bundle.ts';
import { trustInspect, trustMigrate } from './content-trust.ts';
import { admissionServe, admit } from './gates.ts';
import { harden } from './harden.ts';
import { copy, inspect, ls, resolveImage, tree, triangulate } from './images.ts';
import { dockerfileVerify, generate, manifestVerify } from './images-in-files.ts';
import { check, sbom } from './inspect.ts';
import { notationInspect, notationList, notationLs, notationSign, notationVerify } from './notation.ts';
import {
  pivAttestation,
  pivGenerateKey,
  pivReset,
  pivSetManagementKey,
  pivSetPin,
  pivSetPuk,
  pivUnblock,
} from './piv.ts';
import { pkcs11ListKeysUris, pkcs11ListTokens } from './pkcs11.ts';
import { policyBuild, policyInspect, policySign } from './policy-bundles.ts';
import {
  policyCapabilities,
  policyCheck,
  policyData,
  policyFmt,
  policyParse,
  policyTest,
} from './policy-files.ts';
import { policyBench, policyDeps, policyEval } from './policy-queries.ts';
import { login, logout } from './registry-login.ts';
import { dbChangelogs, dbExport, dbImport, dbStatus, dbUpdate, scan } from './scan.ts';
import { demo, registryServe, up } from './servers.ts';
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
import { sigstorePrepareRoot, sigstorePublishRoot, sigstoreSignRoot } from './sigstore-root.ts';
import {
  sigstoreAudit,
  sigstoreBackup,
  sigstoreRestore,
  sigstoreRotate,
  sigstoreServe,
  witnessServe,
} from './sigstore-server.ts';
import { completion, config, debugProviders, doctor, env, explain, version } from './tools.ts';
import { initialize, signingConfigCreate, trustedRootCreate } from './trust.ts';
import { uploadBlob, uploadWasm } from './upload.ts';

/** Every command, in the order help shows them. */
export const commands: readonly CommandSpec[] = [
  demo,
  up,
  generateKeyPair,
  importKeyPair,
  publicKey,
  pkcs11ListTokens,
  pkcs11ListKeysUris,
  pivGenerateKey,
  pivAttestation,
  pivSetPin,
  pivSetPuk,
  pivUnblock,
  pivSetManagementKey,
  pivReset,
  sign,
  attest,
  signBlob,
  attestBlob,
  verify,
  verifyAttestation,
  verifyBlob,
  initialize,
  trustedRootCreate,
  signingConfigCreate,
  verifyBlobAttestation,
  trustInspect,
  trustMigrate,
  manifestVerify,
  dockerfileVerify,
  generate,
  notationSign,
  notationVerify,
  notationList,
  notationLs,
  notationInspect,
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
  sigstoreAudit,
  sigstoreBackup,
  sigstoreRestore,
  sigstoreRotate,
  sigstorePrepareRoot,
  sigstoreSignRoot,
  sigstorePublishRoot,
  witnessServe,
  harden,
  sbom,
  check,
  scan,
  dbImport,
  dbChangelogs,
  dbUpdate,
  dbExport,
  dbStatus,
  copy,
  tree,
  resolveImage,
  inspect,
  ls,
  triangulate,
  uploadBlob,
  uploadWasm,
  downloadSignature,
  downloadAttestation,
  downloadSbom,
  attachSignature,
  attachAttestation,
  attachSbom,
  save,
  load,
  clean,
  bundleCreate,
  bundleUpgrade,
  bundleInspect,
  login,
  logout,
  env,
  explain,
  doctor,
  debugProviders,
  config,
  completion,
  version,
];
