import { contentTrustFormat } from '@pratique/notary';
import { describeIdentities } from '@pratique/notation';
import type { ImageIndex, ManifestContent, Platform, Reference } from '@pratique/oci';
import { describeIdentity, type Signer } from '@pratique/sigstore';
import type { Attributed } from '../gate/stations.ts';
import type { Authority, Trust } from '../trust/types.ts';
import type { AttestationFact, ImageFacts, RequirementFact, SignatureFact } from '../types.ts';
import { checkFacts } from './checks.ts';
import { type ImageConfig, platformText } from './config.ts';
import { type Newest, newest } from './newest.ts';
import { type PackagesRead, readPackages } from './packages.ts';
import { provenanceFacts } from './provenance.ts';
import { readScan, type ScanRead } from './scan.ts';

/** What is known about an image once it was resolved, collected and verified. */
export interface Gathered {
  readonly reference: Reference;
  readonly manifest: ManifestContent;
  readonly config: ImageConfig;
  readonly configFiles?: Readonly<Record<string, unknown>> | undefined;
  readonly verification: Attributed;
  readonly requirements: readonly RequirementFact[];
  /** When it was looked at. */
  readonly now: Date;
}

const sbomTypes = ['https://cyclonedx.org/bom', 'https://spdx.dev/Document'];
const scanTypes = [
  'https://cosign.sigstore.dev/attestation/vuln/v1',
  'https://in-toto.io/attestation/vulns/v0.1',
];

/** Puts together `input.image`. Pure; everything in it is plain JSON. */
export function buildFacts(trust: Trust, gathered: Gathered): ImageFacts {
  const { reference, manifest, config, configFiles, verification, requirements, now } = gathered;
  const { digest, mediaType } = manifest.descriptor;
  const { registry, repository, tag } = reference;
  const signatures = verification.signatures.map(signatureFact);
  const attestations = verification.attestations.map(
    (attestation): AttestationFact => ({
      ...signatureFact(attestation),
      predicateType: attestation.predicateType,
      predicate: attestation.predicate ?? null,
    }),
  );
  const required = new Set(requirements.flatMap(({ of }) => of));
  const counting = attestations.filter(
    ({ authorities }) => requirements.length === 0 || authorities.some((name) => required.has(name)),
  );
  const sbom = newest(counting, sbomTypes);
  const contents = sbom === null ? null : contentsOf(sbom, trust);
  const vulnerabilities = newest(counting, scanTypes);
  const scan = vulnerabilities === null ? null : scanOf(vulnerabilities, trust, now);
  return {
    schemaVersion: 1,
    collectedAt: now.toISOString(),
    reference: `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}@${digest}`,
    registry,
    repository,
    tag: tag ?? null,
    digest,
    mediaType,
    platforms: manifest.manifest.kind === 'index' ? platformsOf(manifest.manifest) : config.platforms,
    config: config.config,
    signatures,
    attestations,
    authorities: Object.fromEntries(
      [...trust.authorities.values()].map((authority) => [
        authority.name,
        authorityFact(authority, signatures, attestations),
      ]),
    ),
    requirements,
    ...(configFiles === undefined ? {} : { configFiles }),
    sbom: sbom === null ? null : { ...sbom, problem: contents?.problem ?? null },
    packages: contents?.packages ?? null,
    vulnerabilities:
      vulnerabilities === null
        ? null
        : { predicateType: vulnerabilities.predicateType, document: vulnerabilities.document },
    scan: scan?.scan ?? null,
    findings: scan?.findings ?? null,
    checks: checkFacts(counting),
    provenance: provenanceFacts(counting),
    rejected: verification.rejected.map(({ source, code, message, expected, found }) => ({
      format: source.format,
      code,
      message,
      expected: expected ?? null,
      found: found ?? null,
    })),
  };
}

function contentsOf({ document, problem }: Newest, { parameters }: Trust): PackagesRead {
  return problem === null ? readPackages(document, parameters) : { packages: null, problem };
}

function scanOf({ document, problem }: Newest, { parameters }: Trust, now: Date): ScanRead {
  const read = readScan(document, parameters.exceptions, now);
  return problem === null ? read : { scan: { ...read.scan, problem }, findings: null };
}

function signatureFact(signature: Attributed['signatures'][number]): SignatureFact {
  const { format, signer, authorities, annotations, signedAt, log, checks, id, source } = signature;
  const fact = { format, signer, authorities, annotations, signedAt, log, checks };
  return id === undefined ? fact : { ...fact, id, layer: source.layer ?? null };
}

function authorityFact(
  { name, keys, identities, notation, contentTrust, attestations: wanted }: Authority,
  signatures: readonly SignatureFact[],
  attestations: readonly AttestationFact[],
): ImageFacts['authorities'][string] {
  const isOwn = ({ authorities }: SignatureFact) => authorities.includes(name);
  const made = attestations.filter(isOwn);
  const own = wanted.length === 0 ? signatures.filter(isOwn) : made;
  return {
    satisfied:
      own.length > 0 &&
      wanted.every(({ predicateType }) => made.some((one) => one.predicateType === predicateType)),
    attestations: wanted,
    by: [...new Set(own.map(({ signer }) => idOf(signer)))].sort(),
    wanted: [
      ...keys.map((key) => key.fingerprint),
      ...identities.map(describeIdentity),
      ...new Set((notation ?? []).flatMap(describeIdentities)),
      ...(contentTrust === undefined ? [] : [`Docker Content Trust: ${contentTrust.roles.join(' or ')}`]),
    ].sort(),
    ...formatOf({ keys, identities, notation, contentTrust }),
  };
}

/** Where an authority signs in one way alone that is not Cosign's. */
function formatOf({
  keys,
  identities,
  notation,
  contentTrust,
}: Pick<Authority, 'keys' | 'identities'> & {
  readonly [Way in 'notation' | 'contentTrust']: Authority[Way] | undefined;
}): { readonly format?: string } {
  if (keys.length + identities.length > 0 || (notation !== undefined && contentTrust !== undefined))
    return {};
  if (notation !== undefined) return { format: 'notation' };
  return contentTrust === undefined ? {} : { format: contentTrustFormat };
}

function idOf(signer: Signer): string {
  return signer.kind === 'key' ? signer.fingerprint : `${signer.subject} (${signer.issuer})`;
}

/** BuildKit puts its attestations into the index as manifests for `unknown/unknown`. */
function platformsOf(manifest: ImageIndex): readonly string[] {
  return manifest.manifests
    .filter(({ platform }) => platform !== undefined && platform.os !== 'unknown')
    .map(({ platform }) => platformText(platform as Platform));
}
