import type { FlagSpecs, Run } from '../program/spec.ts';

/**
 * The implementation of each command, imported only when it runs, so that one command does not pay for the imports of
 * all. The flags a command gets are those of its specification (`../specs`), which is what makes the call sound.
 */
const implementations: Readonly<Record<string, () => Promise<{ readonly run: Run<never> }>>> = {
  demo: () => import('./demo.ts'),
  up: () => import('./up.ts'),
  'registry serve': () => import('./registry-serve.ts'),
  'sigstore serve': () => import('./sigstore-serve.ts'),
  explain: () => import('./explain.ts'),
  doctor: () => import('./doctor.ts'),
  config: () => import('./config.ts'),
  completion: () => import('./completion.ts'),
  version: () => import('./version.ts'),
  'generate-key-pair': () => import('./generate-key-pair.ts'),
  'import-key-pair': () => import('./import-key-pair.ts'),
  'public-key': () => import('./public-key.ts'),
  initialize: () => import('./initialize.ts'),
  sign: () => import('./sign.ts'),
  attest: () => import('./attest.ts'),
  'sign-blob': () => import('./sign-blob.ts'),
  'attest-blob': () => import('./attest-blob.ts'),
  verify: () => import('./verify.ts'),
  'verify-attestation': () => import('./verify-attestation.ts'),
  'verify-blob': () => import('./verify-blob.ts'),
  'verify-blob-attestation': () => import('./verify-blob-attestation.ts'),
  admit: () => import('./admit.ts'),
  'admission serve': () => import('./admission-serve.ts'),
  'policy eval': () => import('./policy-eval.ts'),
  'policy check': () => import('./policy-check.ts'),
  'policy fmt': () => import('./policy-fmt.ts'),
  'policy test': () => import('./policy-test.ts'),
  'policy build': () => import('./policy-build.ts'),
  'policy sign': () => import('./policy-sign.ts'),
  'policy inspect': () => import('./policy-inspect.ts'),
  'policy deps': () => import('./policy-deps.ts'),
  'policy bench': () => import('./policy-bench.ts'),
  'policy parse': () => import('./policy-parse.ts'),
  'policy data': () => import('./policy-data.ts'),
  'policy capabilities': () => import('./policy-capabilities.ts'),
  scan: () => import('./scan.ts'),
  'db import': () => import('./db-import.ts'),
  'db changelogs': () => import('./db-changelogs.ts'),
  'db update': () => import('./db-update.ts'),
  'db export': () => import('./db-export.ts'),
  'db status': () => import('./db-status.ts'),
  resolve: () => import('./resolve.ts'),
  tree: () => import('./tree.ts'),
  triangulate: () => import('./triangulate.ts'),
  'download signature': () => import('./download-signature.ts'),
  'download attestation': () => import('./download-attestation.ts'),
  'download sbom': () => import('./download-sbom.ts'),
  'attach signature': () => import('./attach-signature.ts'),
  'attach attestation': () => import('./attach-attestation.ts'),
  'attach sbom': () => import('./attach-sbom.ts'),
  save: () => import('./save.ts'),
  load: () => import('./load.ts'),
  clean: () => import('./clean.ts'),
  copy: () => import('./copy.ts'),
};

/** Loads the implementation of the command called `name`. */
export async function load(name: string): Promise<Run<FlagSpecs>> {
  return (await implementations[name]!()).run as Run<FlagSpecs>;
}
