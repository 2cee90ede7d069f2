import {
  type Hardened,
  type HardenSettings,
  type Making,
  provenance,
  provenanceType,
  removalsPredicate,
  removalsType,
  reportPredicate,
  reportType,
  testResultPredicate,
  testResultType,
} from '@pratique/harden';
import { type SbomInput, toCosignVuln, toCyclonedxSbom, toSpdxSbom } from '@pratique/inspect';
import type { Descriptor, Repository } from '@pratique/oci';
import type { Statement } from '@pratique/policy';
import {
  attachBundle,
  attestImage,
  type ContentSigner,
  creationTime,
  signImage,
  signPredicateType,
} from '@pratique/sigstore';

/** Everything that is attested: how it was made, what was done, what was tested, what is in it, what is known about that. */
export function statements(
  { report, after }: Hardened,
  settings: HardenSettings,
  target: string,
  made: Making,
): readonly Statement[] {
  const contents: SbomInput = {
    catalog: after.catalog,
    subject: { name: target, digest: report.image?.digest },
    // Packages of npm say themselves what they are.
    brought: report.additions
      .filter(({ kind }) => kind !== 'npm')
      .map(({ name, to, uri, digest }) => ({ name, path: to, uri, sha256: digest.sha256 ?? null })),
    created: made.finishedOn,
    version: made.version,
  };
  const scanned = after.report;
  return [
    { predicateType: provenanceType, predicate: provenance(report, settings, made) },
    { predicateType: reportType, predicate: reportPredicate(report) },
    { predicateType: removalsType, predicate: removalsPredicate(report, settings) },
    ...(report.tests === null
      ? []
      : [{ predicateType: testResultType, predicate: testResultPredicate(report.tests, made.version) }]),
    { predicateType: 'https://cyclonedx.org/bom', predicate: toCyclonedxSbom(contents) },
    { predicateType: 'https://spdx.dev/Document', predicate: toSpdxSbom(contents) },
    ...(scanned === null
      ? []
      : [
          {
            predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1',
            predicate: toCosignVuln(scanned),
          },
        ]),
  ];
}

/** Signed, and stored nowhere yet. */
export interface SignedBundle {
  readonly predicateType: string;
  readonly bundle: Uint8Array;
}

/** Signs everything that is said about an image. Nothing is written: whoever cannot sign has pushed nothing. */
export async function attestEverything(
  repository: Repository,
  subject: Descriptor,
  signer: ContentSigner,
  all: readonly Statement[],
  signal: AbortSignal,
): Promise<SignedBundle[]> {
  const bundles: SignedBundle[] = [];
  for (const statement of all) {
    const { bundle } = await attestImage(repository, subject, signer, statement, { store: false, signal });
    bundles.push({ predicateType: statement.predicateType, bundle: bundle! });
  }
  return bundles;
}

/** Signs the image itself. Nothing is written. */
export async function sign(
  repository: Repository,
  subject: Descriptor,
  signer: ContentSigner,
  signal: AbortSignal,
): Promise<SignedBundle> {
  const [signed] = await signImage(repository, subject, signer, { store: false, signal });
  return { predicateType: signPredicateType, bundle: signed!.bundle! };
}

/** Stores what was signed beside the image. */
export async function attachEverything(
  repository: Repository,
  subject: Descriptor,
  bundles: readonly SignedBundle[],
  signal: AbortSignal,
): Promise<void> {
  const created = creationTime();
  for (const { predicateType, bundle } of bundles)
    await attachBundle(repository, subject, bundle, predicateType, created, { signal });
}
