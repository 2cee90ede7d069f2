import type { Package } from '../packages/package.ts';
import { type Brought, documentUuid, type SbomInput, timestamp } from './document.ts';
import { isSpdxExpression } from './licenses.ts';
import { packageRef } from './package-ref.ts';

const unknown = 'NOASSERTION';
const rootId = 'SPDXRef-Image';

/** A bill of materials in SPDX 2.3 (ISO/IEC 5962 and its successor), as JSON. */
export function toSpdxSbom(input: SbomInput): unknown {
  const { catalog, subject } = input;
  const ids = new Map(catalog.packages.map((one) => [one, spdxId(one)]));
  const custom = new Map<string, string>();
  const brought = (input.brought ?? []).map(broughtPackage);
  const relationships = [
    { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: rootId },
    ...catalog.packages.flatMap((one) => [
      { spdxElementId: rootId, relationshipType: 'CONTAINS', relatedSpdxElement: ids.get(one)! },
      ...(catalog.dependencies.get(one) ?? []).map((needed) => ({
        spdxElementId: ids.get(one)!,
        relationshipType: 'DEPENDS_ON',
        relatedSpdxElement: ids.get(needed)!,
      })),
    ]),
    ...brought.map(({ SPDXID }) => ({
      spdxElementId: rootId,
      relationshipType: 'CONTAINS',
      relatedSpdxElement: SPDXID,
    })),
  ];
  const packages = catalog.packages.map((one) => spdxPackage(one, ids.get(one)!, custom));
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: subject.name,
    documentNamespace: `https://spdx.org/spdxdocs/pratique-${documentUuid(input)}`,
    creationInfo: { created: timestamp(input.created), creators: [`Tool: pratique-${input.version}`] },
    packages: [
      {
        SPDXID: rootId,
        name: subject.name,
        ...(subject.digest === undefined ? {} : { versionInfo: subject.digest }),
        downloadLocation: unknown,
        filesAnalyzed: false,
        licenseConcluded: unknown,
        licenseDeclared: unknown,
        copyrightText: unknown,
        primaryPackagePurpose: 'CONTAINER',
      },
      ...packages,
      ...brought,
    ],
    relationships,
    ...(custom.size === 0
      ? {}
      : {
          hasExtractedLicensingInfos: [...custom].map(([licenseId, name]) => ({
            licenseId,
            name,
            extractedText: name,
          })),
        }),
  };
}

function spdxPackage(one: Package, id: string, custom: Map<string, string>): unknown {
  const { location, supplier, checksum } = one;
  const layer = location.layer === undefined ? '' : `, layer ${location.layer}`;
  return {
    SPDXID: id,
    name: one.name,
    versionInfo: one.version,
    supplier: supplier === undefined ? unknown : `Organization: ${supplier}`,
    downloadLocation: unknown,
    filesAnalyzed: false,
    ...(checksum === undefined
      ? {}
      : {
          checksums: [{ algorithm: checksum.algorithm.replace('-', ''), checksumValue: checksum.value }],
        }),
    sourceInfo: `found at ${location.path}${layer}`,
    licenseConcluded: unknown,
    licenseDeclared: declared(one.licenses, custom),
    copyrightText: unknown,
    externalRefs: [
      { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: one.purl },
    ],
  };
}

/** A package to SPDX, whatever it is: its files would have to be listed with SHA-1 each. */
function broughtPackage({ name, path, uri, sha256 }: Brought, index: number) {
  return {
    SPDXID: `SPDXRef-Brought-${index}`,
    name,
    downloadLocation: /^https?:/.test(uri) ? uri : unknown,
    filesAnalyzed: false,
    ...(sha256 === null ? {} : { checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }] }),
    sourceInfo: `put at ${path}, from ${uri}`,
    licenseConcluded: unknown,
    licenseDeclared: unknown,
    copyrightText: unknown,
    primaryPackagePurpose: 'FILE',
  };
}

/** All of them together; what is no SPDX licence becomes one of this document. */
function declared(licenses: readonly string[], custom: Map<string, string>): string {
  const terms = licenses.map((text) => {
    if (isSpdxExpression(text)) return licenses.length > 1 && /\s/.test(text) ? `(${text})` : text;
    const id = `LicenseRef-${idText(text)}`;
    custom.set(id, text);
    return id;
  });
  return terms.length === 0 ? unknown : [...new Set(terms)].join(' AND ');
}

function spdxId(one: Package): string {
  return `SPDXRef-Package-${one.type}-${idText(one.name)}-${packageRef(one).slice(-12)}`;
}

/** Letters, digits, `.` and `-`; others become their code points, so that two texts do not become one. */
function idText(text: string): string {
  return text.replace(/[^A-Za-z0-9.]/gu, (character) =>
    character === '-' ? '-' : `-${character.codePointAt(0)!.toString(16)}-`,
  );
}
