import { printable } from '@pratique/errors';
import * as v from 'valibot';
import { distroId } from '../advisories/distributions.ts';
import { inspectErrors } from '../errors.ts';
import type { Distro, Package } from '../packages/package.ts';
import { type PackageUrl, parsePurl, purlName, purlVersion } from '../packages/parse-purl.ts';
import { isPackageType } from '../versions/versions.ts';

/** What a bill of materials lists. */
export interface SbomContents {
  readonly format: 'cyclonedx' | 'spdx';
  /** What it describes. */
  readonly name: string;
  readonly distro: Distro | undefined;
  readonly packages: readonly Package[];
  /** Components whose package URL is missing, or of a type or without a version that can be compared. */
  readonly unidentified: readonly UnidentifiedComponent[];
}

/** A component of a bill of materials of which there is little to be said: no advisory is about it. */
export interface UnidentifiedComponent extends Terms {
  readonly name: string;
  /** Of its package URL. */
  readonly type: string | undefined;
  readonly version: string | undefined;
  readonly purl: string | undefined;
}

/** Largest document that is read, in bytes. */
export const maxSbomBytes = 256 * 2 ** 20;
const maxDepth = 32;

const text = v.pipe(v.string(), v.maxLength(4096));
const property = v.object({ name: text, value: v.optional(v.string()) });
/** Some put the whole text of a licence where its name belongs. */
const words = v.pipe(
  v.string(),
  v.transform((long) => long.slice(0, 4096)),
);
const licence = v.object({
  license: v.optional(v.object({ id: v.optional(text), name: v.optional(words) })),
  expression: v.optional(words),
});
const component = v.object({
  type: v.optional(text),
  name: v.optional(text),
  version: v.optional(text),
  purl: v.optional(text),
  properties: v.optional(v.array(property)),
  licenses: v.optional(v.array(licence)),
  supplier: v.optional(v.object({ name: v.optional(words) })),
  publisher: v.optional(words),
  components: v.optional(v.array(v.unknown())),
});
type Component = v.InferOutput<typeof component>;

const cyclonedx = v.object({
  bomFormat: v.literal('CycloneDX'),
  metadata: v.optional(v.object({ component: v.optional(component) })),
  components: v.optional(v.array(v.unknown())),
});

const spdx = v.object({
  spdxVersion: v.pipe(text, v.startsWith('SPDX-2.')),
  name: v.optional(text),
  packages: v.optional(
    v.array(
      v.object({
        name: text,
        versionInfo: v.optional(text),
        primaryPackagePurpose: v.optional(text),
        supplier: v.optional(words),
        licenseConcluded: v.optional(words),
        licenseDeclared: v.optional(words),
        externalRefs: v.optional(v.array(v.object({ referenceType: text, referenceLocator: text }))),
      }),
    ),
  ),
  hasExtractedLicensingInfos: v.optional(v.array(v.object({ licenseId: text, name: v.optional(words) }))),
});

/** Who makes a package and how it is licensed, as a bill of materials says. */
type Terms = Pick<Package, 'licenses' | 'supplier'>;

/**
 * Reads a CycloneDX (1.x) or SPDX (2.x) document in JSON: the packages by their package URLs, with the source package
 * and release that Syft, Trivy and Pratique write, and with licences and supplier.
 *
 * @throws `SBOM_INVALID`
 */
export function readSbom(bytes: Uint8Array): SbomContents {
  if (bytes.length > maxSbomBytes) throw invalid(`it is larger than ${maxSbomBytes} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid((error as Error).message);
  }
  return readSbomDocument(document);
}

/**
 * The same for a document that was parsed before, such as the predicate of an attestation.
 *
 * @throws `SBOM_INVALID`
 */
export function readSbomDocument(document: unknown): SbomContents {
  const cyclone = v.safeParse(cyclonedx, document);
  if (cyclone.success) return fromCyclonedx(cyclone.output);
  const parsed = v.safeParse(spdx, document);
  if (parsed.success) return fromSpdx(parsed.output);
  throw invalid('it is neither CycloneDX nor SPDX 2, in JSON');
}

function fromCyclonedx(document: v.InferOutput<typeof cyclonedx>): SbomContents {
  const components = [...walk(document.components ?? [], 0)];
  const system = components.find(({ type }) => type === 'operating-system');
  const distro: Distro | undefined =
    system?.name === undefined ? undefined : { id: system.name.toLowerCase(), versionId: system.version };
  const packages: Package[] = [];
  const unidentified: UnidentifiedComponent[] = [];
  for (const one of components) {
    if (one.type === 'operating-system' || one.type === 'file' || isLockFile(one)) continue;
    const purl = one.purl === undefined ? undefined : parsePurl(one.purl);
    const terms = cyclonedxTerms(one);
    const found = purl && packageOf(purl, one.purl!, distro, properties(one), terms);
    if (found === undefined) unidentified.push(unidentifiedOf(one, purl, terms));
    else packages.push(found);
  }
  return {
    format: 'cyclonedx',
    name: document.metadata?.component?.name ?? '',
    distro,
    packages,
    unidentified,
  };
}

/** Trivy lists the files in which it found packages, too. */
function isLockFile(one: Component): boolean {
  return (
    one.type === 'application' && one.purl === undefined && properties(one).has('aquasecurity:trivy:Class')
  );
}

function unidentifiedOf(
  { name, version, purl: written }: Pick<Component, 'name' | 'version' | 'purl'>,
  purl: PackageUrl | undefined,
  terms: Terms,
): UnidentifiedComponent {
  return {
    name: (purl && purlName(purl)) ?? name ?? '',
    type: purl?.type,
    version: (purl && purlVersion(purl)) ?? (version || undefined),
    purl: purl && written,
    ...terms,
  };
}

function cyclonedxTerms({ licenses = [], supplier, publisher }: Component): Terms {
  return {
    licenses: licenses.flatMap(({ license, expression }) => expression ?? license?.id ?? license?.name ?? []),
    supplier: supplier?.name ?? publisher,
  };
}

function* walk(components: readonly unknown[], depth: number): Generator<Component> {
  if (depth > maxDepth) throw invalid(`components are nested more than ${maxDepth} deep`);
  for (const item of components) {
    const parsed = v.safeParse(component, item);
    if (!parsed.success) throw invalid(`a component: ${parsed.issues[0].message}`);
    yield parsed.output;
    yield* walk(parsed.output.components ?? [], depth + 1);
  }
}

/** What SPDX calls packages too: the image itself, what it runs on, and what no package manager has brought. */
const notPackages: readonly unknown[] = ['CONTAINER', 'OPERATING-SYSTEM', 'FILE'];

function fromSpdx(document: v.InferOutput<typeof spdx>): SbomContents {
  const listed = (document.packages ?? []).filter(
    ({ primaryPackagePurpose, externalRefs }) =>
      externalRefs !== undefined || !notPackages.includes(primaryPackagePurpose),
  );
  const names = new Map(
    (document.hasExtractedLicensingInfos ?? []).map(({ licenseId, name }) => [licenseId, name ?? licenseId]),
  );
  const packages: Package[] = [];
  const unidentified: UnidentifiedComponent[] = [];
  for (const one of listed) {
    const text = one.externalRefs?.find(({ referenceType }) => referenceType === 'purl')?.referenceLocator;
    const purl = text === undefined ? undefined : parsePurl(text);
    const terms = spdxTerms(one, names);
    const found = purl && packageOf(purl, text!, undefined, new Map(), terms);
    if (found !== undefined) packages.push(found);
    else
      unidentified.push(
        unidentifiedOf({ name: one.name, version: one.versionInfo, purl: text }, purl, terms),
      );
  }
  const distro = packages.find((one) => one.distro !== undefined)?.distro;
  return {
    format: 'spdx',
    name: document.name ?? '',
    distro,
    packages,
    unidentified,
  };
}

type SpdxPackage = NonNullable<v.InferOutput<typeof spdx>['packages']>[number];

/** `names` are those of licences that only this document knows. */
function spdxTerms(
  { supplier, licenseConcluded, licenseDeclared }: SpdxPackage,
  names: ReadonlyMap<string, string>,
): Terms {
  const said = (text: string | undefined) => (text === 'NOASSERTION' || text === 'NONE' ? undefined : text);
  const expression = said(licenseConcluded) ?? said(licenseDeclared);
  return {
    licenses:
      expression === undefined
        ? []
        : conjuncts(expression).map((one) =>
            one.replace(/LicenseRef-[A-Za-z0-9.-]+/g, (id) => names.get(id) ?? id),
          ),
    supplier: said(supplier)?.replace(/^(?:Organization|Person): /, ''),
  };
}

/** What an expression asks for together (SPDX 2.3, annex D): `MIT AND (ISC OR Zlib)` is two. */
function conjuncts(expression: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of expression.matchAll(/[()]| (?:AND|OR) /g)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else if (depth === 0) {
      if (token === ' OR ') return [expression];
      parts.push(expression.slice(start, index));
      start = index + token.length;
    }
  }
  return [...parts, expression.slice(start)].map((part) => part.replace(/^\(([^()]*)\)$/, '$1'));
}

function properties(one: Component): ReadonlyMap<string, string> {
  return new Map((one.properties ?? []).map(({ name, value }) => [name, value ?? '']));
}

const systemTypes: readonly string[] = ['deb', 'apk', 'rpm'];

function packageOf(
  purl: PackageUrl,
  written: string,
  system: Distro | undefined,
  described: ReadonlyMap<string, string>,
  terms: Terms,
): Package | undefined {
  const version = purlVersion(purl);
  const { type } = purl;
  if (!isPackageType(type) || version === undefined) return undefined;
  return {
    type,
    name: purlName(purl),
    version,
    architecture: purl.qualifiers.get('arch'),
    source: sourceOf(purl, version, described),
    purl: written,
    distro: systemTypes.includes(type) ? distroOf(purl, system) : undefined,
    modularityLabel: moduleOf(described),
    ...terms,
    location: locationOf(described),
  };
}

/** The place that Pratique, Trivy or Syft noted. */
function locationOf(described: ReadonlyMap<string, string>): Package['location'] {
  const names = ['pratique:path', 'aquasecurity:trivy:FilePath', 'syft:location:0:path'];
  const path = names.map((name) => described.get(name)).find((one) => one !== undefined);
  const layers = ['pratique:layer', 'aquasecurity:trivy:LayerDiffID', 'syft:location:0:layerID'];
  const layer = layers.map((name) => described.get(name)).find((one) => one !== undefined);
  return { path: path ?? '', layer };
}

/** The stream of a module that Pratique, Trivy or Syft noted. */
function moduleOf(described: ReadonlyMap<string, string>): string | undefined {
  const names = [
    'pratique:modularityLabel',
    'aquasecurity:trivy:Modularitylabel',
    'syft:metadata:modularityLabel',
  ];
  return names.map((name) => described.get(name)).find((one) => one !== undefined && one !== '');
}

/** The `upstream` qualifier (Syft, Pratique), or Trivy's properties. */
function sourceOf(
  purl: PackageUrl,
  version: string,
  described: ReadonlyMap<string, string>,
): Package['source'] {
  const upstream = purl.qualifiers.get('upstream');
  if (upstream !== undefined && upstream !== '') {
    // RPMs name the file: bash-5.1.8-9.el9.src.rpm. It leaves the epoch out: that of the package, where it has one.
    const rpm = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(upstream);
    if (rpm !== null) {
      const epoch = purl.qualifiers.get('epoch');
      return {
        name: rpm[1]!,
        version: epoch === undefined || epoch === '0' ? rpm[2]! : `${epoch}:${rpm[2]!}`,
      };
    }
    const at = upstream.lastIndexOf('@');
    return at > 0
      ? { name: upstream.slice(0, at), version: upstream.slice(at + 1) }
      : { name: upstream, version };
  }
  const name = described.get('aquasecurity:trivy:SrcName');
  if (name === undefined) return undefined;
  const [epoch, upstreamVersion, release] = ['SrcEpoch', 'SrcVersion', 'SrcRelease'].map((key) =>
    described.get(`aquasecurity:trivy:${key}`),
  );
  if (upstreamVersion === undefined) return { name, version };
  return { name, version: `${epoch ? `${epoch}:` : ''}${upstreamVersion}${release ? `-${release}` : ''}` };
}

/** `distro=debian-12`, or the component that is the operating system. */
function distroOf(purl: PackageUrl, system: Distro | undefined): Distro | undefined {
  const [, id, versionId] =
    /^([a-z][a-z0-9_.-]*?)-([0-9][0-9.]*(?:-LTS(?:-SP[0-9]+)?)?)$/.exec(
      purl.qualifiers.get('distro') ?? '',
    ) ?? [];
  if (id !== undefined) return { id: distroId(id), versionId };
  const codename = purl.qualifiers.get('distro');
  if (system !== undefined) return system;
  return purl.namespace === '' ? undefined : { id: distroId(purl.namespace.toLowerCase()), codename };
}

function invalid(why: string): Error {
  return inspectErrors.error('SBOM_INVALID', {
    message: `the bill of materials cannot be read: ${printable(why)}`,
  });
}
